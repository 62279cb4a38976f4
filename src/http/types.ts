export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** A request as handlers see it. */
export interface HttpRequest {
  readonly method: HttpMethod;
  /** Path alone, as sent, for example `/readyz`. */
  readonly path: string;
  /** What stood in the place of each `:name` of the route, percent-decoded. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  /** Empty for GET, HEAD and DELETE; JSON text for the others. */
  readonly body: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** The connection ends with it: the server is about to. */
  readonly isLast?: boolean;
}

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** A route for GET serves HEAD, too. */
export interface HttpRoute {
  readonly method: Exclude<HttpMethod, 'HEAD'>;
  /** For example `/v1/bdbs/:uid`. */
  readonly path: string;
  readonly handler: HttpHandler;
}

export interface HttpListenOptions {
  /** IP literal or name, without brackets. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** A socket that is bound there; it becomes the server's, and is closed with it. Without it one is opened. */
  readonly fd?: number;
  /** Anything else is 404, or 405 if another method has the path. */
  readonly routes: readonly HttpRoute[];
  /** Told of a handler that threw; the client gets a 500 without details. */
  readonly onError: (error: unknown, path: string) => void;
}

export interface HttpServer {
  /** `http://HOST:PORT`, with the port really opened. */
  readonly url: string;
  /** Stops accepting, lets running requests end for a short time, then closes the rest. */
  close(): Promise<void>;
}

/** Opens HTTP servers. One engine exists now; another only has to pass the same contract test. */
export interface HttpEngine {
  /** Rejects with the error of the socket, for example `EADDRINUSE`. */
  listen(options: HttpListenOptions): Promise<HttpServer>;
}

export function textResponse(status: number, body: string): HttpResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

export function jsonResponse(status: number, value: unknown): HttpResponse {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}
