import type { ControlRequest } from '../../../native/types.js';
import type { RespValue } from '../../../resp/index.js';
import { type PresentationView, showsCluster } from '../presentation.js';
import { textIn, textLike } from '../reply-values.js';
import type { ControlContext } from '../types.js';
import { mergeInfo } from './merge.js';
import { formatInfo, type InfoSection, parseInfo } from './parse.js';

const OWN_SECTION = 'slotgate';
/** Words that ask for more than one section; no word at all means `default`. */
const GROUPS: ReadonlySet<string> = new Set(['default', 'all', 'everything']);
const SECONDS_PER_DAY = 86_400;

/**
 * INFO [section …]: one answer for the whole cluster, in the shape of one server's, with a section
 * of the proxy at the end.
 */
export function joinInfo(
  replies: readonly RespValue[],
  request: ControlRequest,
  context: ControlContext,
): RespValue {
  const words = request.args.slice(1).map((arg) => arg.toString('latin1').toLowerCase());
  const infos = replies.map((reply) => parseInfo(textIn(reply)));
  const view = context.presentation(request);
  const merged = mergeInfo(infos, ownFields(context, view, showsCluster(view, request)));
  const showsOwn = words.length === 0 || words.some((w) => w === OWN_SECTION || GROUPS.has(w));
  return textLike(
    replies[0],
    formatInfo(showsOwn ? [...merged, ownSection(context, view)] : merged),
  );
}

/**
 * What a client of one server would expect, told of the proxy. Clients that are shown a topology look
 * for `cluster_enabled`; the words for the mode are those of HELLO.
 */
function ownFields(
  context: ControlContext,
  { helloMode }: PresentationView,
  isCluster: boolean,
): ReadonlyMap<string, string> {
  const stats = context.stats();
  const maxClients = context.configValues().maxclients;
  return new Map<string, string>([
    ['redis_mode', helloMode],
    ['server_mode', helloMode],
    ['process_id', String(stats.processId)],
    ['run_id', stats.runId],
    ['tcp_port', String(stats.port)],
    ['uptime_in_seconds', String(stats.uptimeSeconds)],
    ['uptime_in_days', String(Math.floor(stats.uptimeSeconds / SECONDS_PER_DAY))],
    ['connected_clients', String(stats.clients)],
    ...(maxClients === undefined ? [] : [['maxclients', maxClients] as const]),
    ['loading', '0'],
    ['async_loading', '0'],
    ['role', 'master'],
    ['cluster_enabled', isCluster ? '1' : '0'],
  ]);
}

function ownSection(context: ControlContext, { mode }: PresentationView): InfoSection {
  const stats = context.stats();
  const fields = new Map<string, string>([
    ['slotgate_version', context.version],
    ['slotgate_mode', mode],
    ['workers', String(stats.workers)],
    ['clients', String(stats.clients)],
    ['links', String(stats.links)],
    ['uptime_in_seconds', String(stats.uptimeSeconds)],
  ]);
  return { name: 'Slotgate', fields };
}
