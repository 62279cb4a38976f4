import { CommandError, EXIT_FAILURE, EXIT_USAGE } from '../exit.js';
import type { ApiClient } from './api-client.js';
import type { DatabaseObject } from './objects.js';
import { policyText, verdictText } from './status.js';

/** @param name A database's name, or `db:<uid>`. @throws CommandError that lists those that there are. */
export async function findDatabase(api: ApiClient, name: string): Promise<DatabaseObject> {
  const databases = await api.get<readonly DatabaseObject[]>('/v1/bdbs');
  const found = databases.find((each) => each.name === name || `db:${each.uid}` === name);
  if (found !== undefined) return found;
  const names = databases.map((each) => `${each.name} (db:${each.uid})`).join(', ');
  throw new CommandError(EXIT_FAILURE, `there is no database ${name}; there is ${names}`);
}

/** `info db`: a heading, then a setting per line. */
export function databaseText(database: DatabaseObject): string {
  const { endpoints, stepping_aside: aside } = database;
  const settings: readonly (readonly [string, string | number])[] = [
    ['mode', database.slotgate_mode],
    ['oss_cluster', database.oss_cluster ? 'enabled' : 'disabled'],
    ['oss_cluster_api_preferred_ip_type', database.oss_cluster_api_preferred_ip_type],
    ['oss_cluster_api_preferred_endpoint_type', database.oss_cluster_api_preferred_endpoint_type],
    ['proxy_policy', policyText(database)],
    ['include_proxies', endpoints[0]?.include_proxies.join(',') || 'none'],
    ['exclude_proxies', endpoints[0]?.exclude_proxies.join(',') || 'none'],
    ['shards_placement', database.shards_placement],
    ['shards_count', database.shards_count],
    ['replication', database.replication ? 'enabled' : 'disabled'],
    ['port', database.port],
    ['addresses', endpoints[0]?.addr.join(',') ?? ''],
    ['conns', database.conns],
    ['topology_version', database.topology_version ?? 'none yet'],
    ...(aside === null
      ? []
      : ([
          ['stepping_aside (clients of this machine)', verdictText(aside.local)],
          ['stepping_aside (others)', verdictText(aside.remote)],
        ] as const)),
  ];
  const lines = settings.map(([key, value]) => `  ${key}: ${value}\n`);
  return `db:${database.uid} [${database.name}]:\n${lines.join('')}`;
}

/** What `tune db` takes, and the field of the REST object behind each word. */
const TUNABLE: Readonly<Record<string, string>> = {
  mode: 'slotgate_mode',
  policy: 'proxy_policy',
  'preferred-ip-type': 'oss_cluster_api_preferred_ip_type',
  'preferred-endpoint-type': 'oss_cluster_api_preferred_endpoint_type',
  'shards-placement': 'shards_placement',
};

/**
 * @param words `key value` pairs as typed, for example `mode cluster policy all-nodes`.
 * @throws CommandError that names the word and what is allowed.
 */
export function tuneBody(words: readonly string[]): Readonly<Record<string, string>> {
  const body: Record<string, string> = {};
  for (let i = 0; i < words.length; i += 2) {
    const [key = '', value] = words.slice(i, i + 2);
    const field = Object.hasOwn(TUNABLE, key) ? TUNABLE[key] : undefined;
    if (field === undefined) {
      const allowed = Object.keys(TUNABLE).join(', ');
      throw new CommandError(
        EXIT_USAGE,
        `tune db: ${JSON.stringify(key)} cannot be tuned; what can is ${allowed}`,
      );
    }
    if (value === undefined) throw new CommandError(EXIT_USAGE, `tune db: ${key} needs a value`);
    body[field] = value;
  }
  return body;
}

/**
 * @param words What follows `bind endpoint ID`: `policy P`, `include NODE…` or `exclude NODE…`.
 * @throws As `tuneBody`.
 */
export function bindBody(words: readonly string[]): Readonly<Record<string, unknown>> {
  const [what = '', ...values] = words;
  switch (what) {
    case 'policy':
      if (values.length === 1) return { proxy_policy: values[0] };
      throw new CommandError(
        EXIT_USAGE,
        'bind endpoint: policy needs one of single, all-master-shards, all-nodes',
      );
    case 'include':
      return { include_proxies: values };
    case 'exclude':
      return { exclude_proxies: values };
    default:
      throw new CommandError(
        EXIT_USAGE,
        `bind endpoint: ${JSON.stringify(what)} is not allowed; allowed is policy, include, exclude`,
      );
  }
}
