import { connect, type Socket } from 'node:net';
import { ProxyError } from '../errors/index.js';
import { type Endpoint, formatEndpoint } from './endpoint.js';

const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * Opens a connection.
 * @throws ProxyError `connect_timeout`, `name_unresolved` or `connect_failed`, naming the endpoint.
 */
export function openSocket(endpoint: Endpoint, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      endpoint.kind === 'unix'
        ? connect({ path: endpoint.path })
        : connect({
            host: endpoint.host,
            port: endpoint.port,
            noDelay: true,
            keepAlive: true,
            keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
          });
    const timer = setTimeout(() => {
      socket.destroy();
      const where = formatEndpoint(endpoint);
      reject(
        new ProxyError(
          'connect_timeout',
          `${where} did not accept a connection in ${timeoutMs} ms`,
        ),
      );
    }, timeoutMs);
    const onError = (cause: Error) => {
      clearTimeout(timer);
      reject(connectError(endpoint, cause));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection: nothing listens there',
  EHOSTUNREACH: 'cannot be reached: no route to the host',
  ENETUNREACH: 'cannot be reached: no route to its network',
  ETIMEDOUT: 'did not answer the connection attempt',
  ENOENT: 'does not exist',
  EACCES: 'may not be opened by this user',
};

function connectError(endpoint: Endpoint, cause: Error): ProxyError {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  const where = formatEndpoint(endpoint);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const why = code === 'ENOTFOUND' ? 'no such host name' : 'the name service did not answer';
    return new ProxyError('name_unresolved', `${where}: ${why}`, { cause });
  }
  const reason = REASONS[code] ?? `cannot be connected to (${code})`;
  return new ProxyError('connect_failed', `${where} ${reason}`, { cause });
}
