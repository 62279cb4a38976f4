import type { TcpAddress } from './addresses.js';
import { NAME_RULE, NODE_ID_RULE } from './names.js';
import type { SettingKey, SingleKey } from './settings.js';

/** Under which address clients of a subnet see a node. */
export interface ClientAddress {
  /** A subnet such as `10.2.0.0/16`, or `default`: all clients that no subnet contains. */
  readonly clients: string;
  /** IP address without brackets, or a host name. */
  readonly address: string;
}

/** A node as the configuration describes it. */
export interface NodeSpec {
  readonly id: string;
  /** IP address without brackets. A wildcard (`0.0.0.0`, `::`) stands for whatever a client dialled. */
  readonly address: string;
  readonly externalAddresses: readonly string[];
  readonly hostname: string | null;
  readonly externalHostname: string | null;
  readonly zone: string | null;
  readonly clientAddresses: readonly ClientAddress[];
  /** Instead of the database's, where nodes have one address; `slotgate up` alone has such nodes. */
  readonly port?: number;
}

/** A node, and where its process can be asked how it is. */
export interface NodeConfig extends NodeSpec {
  /** null: it counts as up. */
  readonly admin: TcpAddress | null;
}

/** In `ClientAddress.clients`: everybody whom no subnet contains. */
export const DEFAULT_CLIENTS = 'default';

/** For messages and documentation. */
export interface FieldDescription {
  readonly allowed: string;
  readonly isRequired: boolean;
  readonly help: string;
}

const IP = 'an IP address';
const HOST = 'an IP address or a host name';

/** What an entry of `nodes:` has, in documentation order. */
export const NODE_FIELDS = {
  id: {
    allowed: NODE_ID_RULE,
    isRequired: true,
    help: 'Names the node, in node:, includeNodes and excludeNodes. The node ids that clients see are made from it.',
  },
  address: {
    allowed: IP,
    isRequired: true,
    help: 'Internal address: where the node listens for clients, and where servers of the same machine are recognized.',
  },
  externalAddresses: {
    allowed: `a list, each ${IP}`,
    isRequired: false,
    help: 'Addresses under which clients from outside reach the node, for preferredIpType external.',
  },
  hostname: {
    allowed: 'a host name',
    isRequired: false,
    help: 'Name of the internal address, for preferredEndpointType hostname.',
  },
  externalHostname: {
    allowed: 'a host name',
    isRequired: false,
    help: 'Name of the external addresses, for preferredEndpointType hostname.',
  },
  zone: {
    allowed: 'a text that is not empty',
    isRequired: false,
    help: 'Availability zone of the node, for readFrom.',
  },
  clientAddresses: {
    allowed: `a list of { clients: CIDR or ${DEFAULT_CLIENTS}, address: ${HOST} }`,
    isRequired: false,
    help: 'Address of the node as clients of a subnet see it, whatever kind of address is preferred.',
  },
  admin: {
    allowed: 'HOST:PORT',
    isRequired: false,
    help: 'Where the other nodes ask for /livez every second; without it the node counts as up. The node itself opens it, as admin on a loopback address and else as metrics, unless that setting is given.',
  },
} as const satisfies Readonly<Record<Exclude<keyof NodeConfig, 'port'>, FieldDescription>>;

/** What an entry of `databases:` has besides settings. */
export const DATABASE_FIELDS = {
  name: {
    allowed: NAME_RULE,
    isRequired: true,
    help: 'Names the database. The node ids that clients see are made from it.',
  },
  port: {
    allowed: 'an integer from 1 to 65535',
    isRequired: true,
    help: 'Where the database listens, on the address of each node that proxyPolicy selects.',
  },
} as const satisfies Readonly<Record<string, FieldDescription>>;

const INSTEAD_OF_SINGLE: Readonly<Record<SingleKey, string>> = {
  databaseName: 'it is called name in an entry of databases',
  listen: 'a database listens on the address of its node, at the port of its entry in databases',
  unixSocketMode: 'a node listens on its address only, not on unix sockets',
  zone: 'it is given for each entry of nodes',
};

/** Where `nodes:` and `databases:` say what a setting says elsewhere. */
export const OF_NODES_INSTEAD: Readonly<Partial<Record<SettingKey, string>>> = INSTEAD_OF_SINGLE;
