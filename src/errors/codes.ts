/**
 * Every code that a `ProxyError` can carry, with its meaning in one line. The codes are a contract:
 * logs, metrics and the documentation's table name them, so a code is never renamed.
 */
export const ERROR_CODES = {
  endpoint_invalid: 'A seed or another address has a form that is not understood.',
  password_in_url: 'A URL holds a password; passwords come from a file, the environment or stdin.',
  tls_unavailable: 'A rediss:// address was given, and this build cannot speak TLS.',
  address_map_invalid:
    'A --map, --advertise or --server-zone entry is malformed, or contradicts another one.',
  name_unresolved: 'A host name has no address, or the name service did not answer.',
  connect_failed: 'A connection to a server was refused, or its network cannot be reached.',
  connect_timeout: 'A server did not accept a connection in time.',
  connection_lost: 'A server closed a connection on which a reply was awaited.',
  call_timeout: 'A server did not answer a call of the proxy itself in time.',
  reply_too_large: 'A server sent a larger reply than the control plane accepts.',
  reply_invalid: 'A server sent bytes, or a reply, that the protocol does not allow here.',
  authentication_refused: 'A server wants a password, or refused the one that was given.',
  permission_denied: 'The user of the proxy may not run a command that it needs.',
  server_refused: 'A server refused the connection, for example because it has too many clients.',
  server_loading: 'A server is still loading its data.',
  cluster_disabled: 'A seed is a stand-alone server, not a member of a cluster.',
  cluster_unassigned: 'A seed is a member of a cluster in which no slot has an owner.',
  view_incomplete: 'A member sees too little of its cluster to be believed.',
  node_unknown: 'A node was named that the current topology does not list.',
  addon_missing: 'The native addon is not there, or was built for another Node.',
  address_in_use: 'Another process listens on an address that the proxy was to listen on.',
  listen_failed: 'A listener could not be opened.',
  placement_refused: 'A database cannot be shown as it is configured, as its servers are.',
  topology_missing: 'No topology has been loaded yet.',
} as const;

export type ProxyErrorCode = keyof typeof ERROR_CODES;
