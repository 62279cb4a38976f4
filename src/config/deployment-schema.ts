import { isIP } from 'node:net';
import { z } from 'zod';
import { parseHostPort } from './addresses.js';
import type { ConfigChecks, TextCheck } from './checks.js';
import { nameProblem, nodeIdProblem } from './names.js';
import { DATABASE_FIELDS, DEFAULT_CLIENTS, NODE_FIELDS } from './nodes.js';
import { checkedText, integerBetween, problemOf } from './schema-values.js';

const HOST_NAME = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/i;
const WILDCARDS = new Set(['0.0.0.0', '::', '::0']);

/** An entry of `nodes:` that the schema has accepted. */
export interface GivenNode {
  readonly id: string;
  readonly address: string;
  readonly externalAddresses: readonly string[];
  readonly hostname?: string;
  readonly externalHostname?: string;
  readonly zone?: string;
  readonly clientAddresses: readonly { readonly clients: string; readonly address: string }[];
  readonly admin?: string;
}

export function nodesSchema(checks: ConfigChecks): z.ZodType {
  const clientAddress = z.strictObject(
    {
      clients: checkedText(clientsCheck(checks), `allowed is a CIDR or ${DEFAULT_CLIENTS}`),
      address: checkedText(hostProblem, 'allowed is an IP address or a host name'),
    },
    { error: 'allowed is { clients: CIDR, address: HOST }' },
  );
  const shape: Record<keyof typeof NODE_FIELDS, z.ZodType> = {
    id: checkedText(nodeIdProblem, allowed('id')),
    address: checkedText(nodeAddressProblem, allowed('address')),
    externalAddresses: z
      .array(checkedText(ipProblem, 'allowed is an IP address'), {
        error: allowed('externalAddresses'),
      })
      .prefault([]),
    hostname: checkedText(hostNameProblem, allowed('hostname')).optional(),
    externalHostname: checkedText(hostNameProblem, allowed('externalHostname')).optional(),
    zone: z
      .string({ error: allowed('zone') })
      .min(1, { error: allowed('zone') })
      .optional(),
    clientAddresses: z.array(clientAddress, { error: allowed('clientAddresses') }).prefault([]),
    admin: checkedText(problemOf(parseHostPort), allowed('admin')).optional(),
  };
  for (const key of Object.keys(shape) as (keyof typeof NODE_FIELDS)[]) {
    shape[key] = shape[key].describe(NODE_FIELDS[key].help);
  }
  return listOf(z.strictObject(shape, { error: 'allowed is { id: …, address: … }' }), 'nodes');
}

/** @param settings What a database may say of settings, by name; all optional. */
export function databasesSchema(settings: Readonly<Record<string, z.ZodType>>): z.ZodType {
  const { name, port } = DATABASE_FIELDS;
  const shape = {
    name: checkedText(nameProblem, `allowed is ${name.allowed}`).describe(name.help),
    port: integerBetween({ min: 1, max: 65_535 }, `allowed is ${port.allowed}`).describe(port.help),
    ...settings,
  };
  return listOf(z.strictObject(shape, { error: 'allowed is { name: …, port: … }' }), 'databases');
}

function listOf(entry: z.ZodType, what: string): z.ZodType {
  const error = `allowed is a list of at least one of the ${what}`;
  return z.array(entry, { error }).min(1, { error });
}

function allowed(field: keyof typeof NODE_FIELDS): string {
  return `allowed is ${NODE_FIELDS[field].allowed}`;
}

function ipProblem(text: string): string | undefined {
  return isIP(text) === 0 ? 'allowed is an IP address' : undefined;
}

/** Other nodes show it to their clients, so it must be one to connect to. */
function nodeAddressProblem(text: string): string | undefined {
  return WILDCARDS.has(text)
    ? 'it stands for all addresses of a machine; allowed is the one that clients connect to'
    : ipProblem(text);
}

function hostNameProblem(text: string): string | undefined {
  return HOST_NAME.test(text) && isIP(text) === 0 ? undefined : 'allowed is a host name';
}

function hostProblem(text: string): string | undefined {
  return isIP(text) !== 0 || HOST_NAME.test(text)
    ? undefined
    : 'allowed is an IP address or a host name';
}

function clientsCheck(checks: ConfigChecks): TextCheck {
  return (text) => (text === DEFAULT_CLIENTS ? undefined : checks.subnet(text));
}
