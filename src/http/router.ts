import type { HTTPMethod } from 'find-my-way';
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
  readonly #routes: readonly HttpRoute[];
  /** Loaded by the first request that is more than a probe: it takes 2 MiB. */
  #paths: Promise<PathRouter> | undefined;

  constructor(routes: readonly HttpRoute[]) {
    this.#routes = routes;
  }

  /** @param method As it was sent: of any kind. */
  async find(method: string | undefined, path: string): Promise<Match> {
    const asked = method === 'HEAD' ? 'GET' : method;
    const same = this.#routes.find((route) => route.method === asked && route.path === path);
    if (same !== undefined) return { kind: 'found', handler: same.handler, params: {} };
    this.#paths ??= PathRouter.load(this.#routes);
    return (await this.#paths).find(asked, path);
  }
}

type FindMyWay = ReturnType<typeof import('find-my-way')>;

/** Routes with parameters, and what methods a path has. */
class PathRouter {
  readonly #router: FindMyWay;

  private constructor(router: FindMyWay) {
    this.#router = router;
  }

  /** @throws Error if two routes have the same method and path. */
  static async load(routes: readonly HttpRoute[]): Promise<PathRouter> {
    const { default: findMyWay } = await import('find-my-way');
    const router = findMyWay({ maxParamLength: 256 });
    for (const { method, path, handler } of routes) {
      router.on(method, path, () => undefined, handler);
    }
    return new PathRouter(router);
  }

  find(method: string | undefined, path: string): Match {
    const asked = METHODS.find((known) => known === method);
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
