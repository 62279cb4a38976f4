import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isLoopbackAddress, isTrustedHost } from './host-check.js';
import { Router } from './router.js';
import {
  type HttpEngine,
  type HttpListenOptions,
  type HttpMethod,
  type HttpResponse,
  type HttpServer,
  textResponse,
} from './types.js';

/** Request line and headers together. */
const MAX_HEADER_BYTES = 8_192;
const MAX_CONNECTIONS = 128;
const MAX_BODY_BYTES = 1024 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
/** How long a request that runs at the end may still take. */
const CLOSE_TIMEOUT_MS = 1_000;

/** HTTP on `node:http`. */
export const NODE_ENGINE: HttpEngine = { listen };

async function listen(options: HttpListenOptions): Promise<HttpServer> {
  const router = new Router(options.routes);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: HEADERS_TIMEOUT_MS,
    },
    (request, response) => {
      void respond(router, options, request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await opened(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => closed(server) };
}

function opened(server: Server, { host, port, fd }: HttpListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(fd === undefined ? { host, port } : { fd }, () => {
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

/** An answer, and headers that only some have. */
type Answer = HttpResponse & { readonly headers?: Readonly<Record<string, string>> };

async function respond(
  router: Router,
  options: HttpListenOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerOf(router, options, request);
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(answer.isLast === true ? CLOSES.headers : {}),
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerOf(
  router: Router,
  { onError }: HttpListenOptions,
  request: IncomingMessage,
): Promise<Answer> {
  if (isLoopbackAddress(request.socket.localAddress) && !isTrustedHost(request.headers.host)) {
    return textResponse(421, 'the Host header must be an IP address or localhost\n');
  }
  const [path = '', search = ''] = splitOnce(request.url ?? '', '?');
  const match = await router.find(request.method, path);
  if (match.kind === 'no_such_path') return textResponse(404, 'no such page\n');
  if (match.kind === 'other_methods') {
    const answer = textResponse(405, `only ${match.allow}\n`);
    return { ...answer, headers: { allow: match.allow } };
  }
  const method = request.method as HttpMethod;
  const body = await bodyOf(method, request);
  if (typeof body !== 'string') return body;
  try {
    const query = new URLSearchParams(search);
    return await match.handler({ method, path, params: match.params, query, body });
  } catch (error) {
    onError(error, path);
    return textResponse(500, 'internal error; the log says more\n');
  }
}

/** The body of a request that may have one, or what is wrong with it. */
async function bodyOf(method: HttpMethod, request: IncomingMessage): Promise<string | Answer> {
  if (method !== 'POST' && method !== 'PUT') {
    return hasBody(request) ? refuseBody('a request has no body here\n') : '';
  }
  // A page of another site cannot send this type without asking first, and nobody answers it.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return { ...textResponse(400, 'the content type must be application/json\n'), ...CLOSES };
  }
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BODY_BYTES) return tooLarge();
    }
  } catch {
    return { ...textResponse(400, 'the body ended early\n'), ...CLOSES };
  }
  return Buffer.concat(chunks).toString();
}

/** A body that was refused is never read, so nothing can follow it on this connection. */
const CLOSES = { headers: { connection: 'close' } } as const;

function refuseBody(why: string): Answer {
  return { ...textResponse(413, why), ...CLOSES };
}

function tooLarge(): Answer {
  return refuseBody(`a body has at most ${MAX_BODY_BYTES} bytes\n`);
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
