import type { RespReply } from '../resp/index.js';
import { ControlConnection, type Endpoint, NO_CREDENTIALS } from '../shards/index.js';

/** `cluster-node-timeout` in milliseconds, or null where the proxy's user may not read it. */
export async function readNodeTimeout(connection: ControlConnection): Promise<number | null> {
  const reply = await connection.call(['CONFIG', 'GET', 'cluster-node-timeout']);
  const value = reply.kind === 'array' ? reply.items[1] : undefined;
  const timeoutMs = value?.kind === 'string' ? Number(value.bytes.toString()) : Number.NaN;
  return Number.isSafeInteger(timeoutMs) ? timeoutMs : null;
}

/** What a PING over a fresh connection without log-in says about the cluster's default user. */
export async function asksForPassword(
  endpoint: Endpoint,
  connectTimeoutMs: number,
): Promise<boolean | undefined> {
  const connection = await ControlConnection.open({
    endpoint,
    credentials: NO_CREDENTIALS,
    connectTimeoutMs,
  });
  try {
    return meansPassword(await connection.call(['PING']));
  } finally {
    connection.close();
  }
}

function meansPassword(reply: RespReply): boolean | undefined {
  if (reply.kind === 'string') {
    return false;
  }
  const message = reply.kind === 'error' ? reply.message : '';
  if (message.startsWith('NOAUTH')) {
    return true;
  }
  // The default user is in, but may do little.
  return message.startsWith('NOPERM') ? false : undefined;
}
