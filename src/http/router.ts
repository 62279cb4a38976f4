import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { HttpHandler, HttpMethod, HttpRoute } from './types.js';

export type Match =
  | {
      readonly kind: 'found';
      readonly handler: HttpHandler;
      readonly params: Readonly<Record<string, string | undefined>>;
    }
  | { readonly kind: 'no_such_path' }
  /** The path exists for these methods, as the `Allow` header lists them. */
  | { readonly kind: 'other_methods'; readonly allow: string };

const METHODS: readonly Exclude<HttpMethod, 'HEAD'>[] = ['GET', 'POST', 'PUT', 'DELETE'];

/** Finds the handler of a request. */
export class Router {
  readonly #router = findMyWay({ maxParamLength: 256 });

  /** @throws Error if two routes have the same method and path. */
  constructor(routes: readonly HttpRoute[]) {
    for (const { method, path, handler } of routes) {
      this.#router.on(method, path, () => undefined, handler);
    }
  }

  /** @param method As it was sent: of any kind. */
  find(method: string | undefined, path: string): Match {
    const asked = method === 'HEAD' ? 'GET' : METHODS.find((known) => known === method);
    const found = asked === undefined ? null : this.#look(asked, path);
    if (found !== null) return { kind: 'found', ...found };
    const others = METHODS.filter((other) => this.#look(other, path) !== null);
    if (others.length === 0) return { kind: 'no_such_path' };
    const allowed = others.flatMap((other) => (other === 'GET' ? ['GET', 'HEAD'] : [other]));
    return { kind: 'other_methods', allow: allowed.join(', ') };
  }

  #look(method: HTTPMethod, path: string) {
    const found = this.#router.find(method, path);
    if (found === null) return null;
    const handler: HttpHandler = found.store;
    return { handler, params: found.params };
  }
}
