import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isLoopbackAddress, isTrustedHost } from './host-check.js';
import {
  type HttpEngine,
  type HttpListenOptions,
  type HttpResponse,
  type HttpServer,
  textResponse,
} from './types.js';

/** Request line and headers together. */
const MAX_HEADER_BYTES = 8_192;
const MAX_CONNECTIONS = 128;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/** How long a request that runs at the end may still take. */
const CLOSE_TIMEOUT_MS = 1_000;

/** HTTP on `node:http`. */
export const NODE_ENGINE: HttpEngine = { listen };

async function listen(options: HttpListenOptions): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: HEADERS_TIMEOUT_MS,
    },
    (request, response) => {
      void respond(options, request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await opened(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => closed(server) };
}

function opened(server: Server, { host, port }: HttpListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

async function respond(
  options: HttpListenOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerOf(options, request);
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(answer.status === 405 ? { allow: 'GET, HEAD' } : {}),
    // A body that was refused is never read, so nothing can follow it on this connection.
    ...(answer.status === 413 ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerOf(
  { routes, onError }: HttpListenOptions,
  request: IncomingMessage,
): Promise<HttpResponse> {
  if (isLoopbackAddress(request.socket.localAddress) && !isTrustedHost(request.headers.host)) {
    return textResponse(421, 'the Host header must be an IP address or localhost\n');
  }
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD') return textResponse(405, 'only GET and HEAD\n');
  if (hasBody(request)) return textResponse(413, 'a request has no body here\n');
  const [path = '', search = ''] = splitOnce(request.url ?? '', '?');
  const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (handler === undefined) return textResponse(404, 'no such page\n');
  try {
    return await handler({ method, path, query: new URLSearchParams(search) });
  } catch (error) {
    onError(error, path);
    return textResponse(500, 'internal error; the log says more\n');
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
