import { z } from 'zod';
import type { PlacementSettings } from '../placement/index.js';
import type { ChangeProblem } from '../proxy/deployment.js';
import { isStandardHashing } from './hashing.js';

const NODE_IDS = z.array(z.string().min(1)).max(1_000);

const NO_OTHER_HASHING =
  'the servers hash keys by the tag in braces, else the whole key; shard_key_regex can say nothing else';

/** What PUT may change of a database. Unknown fields are refused: ignored, they would look applied. */
const CHANGES = z.strictObject({
  slotgate_mode: z.enum(['standalone', 'cluster', 'direct', 'auto']).optional(),
  oss_cluster: z.boolean().optional(),
  proxy_policy: z.enum(['single', 'all-master-shards', 'all-nodes']).optional(),
  include_proxies: NODE_IDS.optional(),
  exclude_proxies: NODE_IDS.optional(),
  oss_cluster_api_preferred_ip_type: z.enum(['internal', 'external']).optional(),
  oss_cluster_api_preferred_endpoint_type: z.enum(['ip', 'hostname']).optional(),
  shards_placement: z.enum(['dense', 'sparse']).optional(),
  endpoint: z.string().optional(),
  shard_key_regex: z
    .array(z.strictObject({ regex: z.string().max(256) }))
    .max(32)
    .optional(),
});

type Changes = z.infer<typeof CHANGES>;

export type ParsedChange =
  | {
      readonly kind: 'change';
      readonly change: Partial<PlacementSettings>;
      readonly endpoint: string | undefined;
    }
  | { readonly kind: 'refused'; readonly status: 400 | 406; readonly problem: ChangeProblem };

/** @param current Of the database: what `oss_cluster: false` means depends on it. */
export function parseChange(body: string, current: PlacementSettings): ParsedChange {
  const parsed = CHANGES.safeParse(jsonOf(body));
  if (!parsed.success) return refusalOf(parsed.error);
  const changes = parsed.data;
  const isCluster =
    changes.slotgate_mode === undefined ? undefined : changes.slotgate_mode === 'cluster';
  if (
    changes.oss_cluster !== undefined &&
    isCluster !== undefined &&
    isCluster !== changes.oss_cluster
  ) {
    const message = `oss_cluster is ${changes.oss_cluster}, but slotgate_mode is ${changes.slotgate_mode}: leave one out`;
    return refused(406, 'invalid_oss_cluster_configuration', message);
  }
  const change = settingsOf(changes, current);
  const hashing = changes.shard_key_regex;
  if (hashing !== undefined && !isStandardHashing(hashing)) {
    return (change.mode ?? current.mode) === 'cluster'
      ? refused(
          406,
          'invalid_oss_cluster_configuration',
          'mode cluster needs the standard hashing policy: leave shard_key_regex out',
        )
      : refused(406, 'not_supported', NO_OTHER_HASHING);
  }
  return { kind: 'change', change, endpoint: changes.endpoint };
}

function settingsOf(changes: Changes, current: PlacementSettings): Partial<PlacementSettings> {
  const mode = changes.slotgate_mode ?? modeOf(changes.oss_cluster, current);
  return withoutAbsent({
    mode,
    policy: changes.proxy_policy,
    include: changes.include_proxies,
    exclude: changes.exclude_proxies,
    preferredIpType: changes.oss_cluster_api_preferred_ip_type,
    preferredEndpointType: changes.oss_cluster_api_preferred_endpoint_type,
    shardsPlacement: changes.shards_placement,
  });
}

function modeOf(ossCluster: boolean | undefined, { mode }: PlacementSettings) {
  if (ossCluster === undefined) return undefined;
  if (ossCluster) return 'cluster';
  return mode === 'cluster' ? 'standalone' : mode;
}

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

function withoutAbsent(settings: Optional<PlacementSettings>): Partial<PlacementSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusalOf(error: z.ZodError): ParsedChange {
  const [issue] = error.issues;
  const field = issue?.path.join('.') ?? '';
  if (issue === undefined || (field === '' && issue.code !== 'unrecognized_keys')) {
    return refused(400, 'bad_request', 'the body must be a JSON object');
  }
  if (issue.code === 'unrecognized_keys') {
    const allowed = Object.keys(CHANGES.shape).join(', ');
    const message = `${issue.keys.join(', ')} cannot be changed; what can is ${allowed}`;
    return refused(400, 'bad_request', message);
  }
  const code = field === 'proxy_policy' ? 'invalid_proxy_policy' : 'bad_request';
  return refused(field === 'proxy_policy' ? 406 : 400, code, `${field}: ${issue.message}`);
}

function refused(status: 400 | 406, code: string, message: string): ParsedChange {
  return { kind: 'refused', status, problem: { code, message } };
}
