import type { SPECIAL_JOIN_NAMES } from '../../rules/routes.js';
import { joinInfo } from '../info/index.js';
import { joinAclLogs } from './acl-log.js';
import { joinFunctionStats } from './functions.js';
import { joinLatencyHistograms, joinLatencyHistory, joinLatencyLatest } from './latency.js';
import { joinMemoryStats } from './memory-stats.js';
import { joinRoles } from './role.js';
import { joinTexts } from './texts.js';
import type { SpecialJoin } from './types.js';

type SpecialName = (typeof SPECIAL_JOIN_NAMES)[number];

const NO_SAMPLES = /^ERR No samples available/;

export const SPECIAL_JOINS: Readonly<Record<SpecialName, SpecialJoin>> = {
  'acl|log': { join: joinAclLogs },
  'function|stats': { join: joinFunctionStats },
  info: { join: joinInfo },
  'latency|doctor': { join: joinTexts },
  'latency|graph': { join: joinTexts, nothingToAdd: NO_SAMPLES },
  'latency|histogram': { join: joinLatencyHistograms },
  'latency|history': { join: joinLatencyHistory },
  'latency|latest': { join: joinLatencyLatest },
  'memory|doctor': { join: joinTexts },
  'memory|malloc-stats': { join: joinTexts },
  'memory|stats': { join: joinMemoryStats },
  role: { join: joinRoles },
};

export function isSpecialName(name: string): name is SpecialName {
  return Object.hasOwn(SPECIAL_JOINS, name);
}
