/**
 * Entry of the short-lived thread that checks a configuration. The validator and the YAML parser
 * need some 8 MiB; in a thread of their own that memory is given back when it ends, and an idle
 * proxy stays small.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { resolveConfig } from '../config/resolve.js';
import type { ConfigSources } from '../config/sources.js';
import { CONFIG_CHECKS } from './config-checks.js';

parentPort?.postMessage(resolveConfig(workerData as ConfigSources, CONFIG_CHECKS));
