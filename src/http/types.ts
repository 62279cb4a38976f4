/** A request as handlers see it. Bodies do not exist yet: requests that announce one are refused. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path alone, as sent, for example `/readyz`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** Exact paths; anything else is 404. */
export type HttpRoutes = Readonly<Record<string, HttpHandler>>;

export interface HttpListenOptions {
  /** IP literal or name, without brackets. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly routes: HttpRoutes;
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
