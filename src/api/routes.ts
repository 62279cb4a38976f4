import type { HttpHandler, HttpRequest, HttpResponse, HttpRoute } from '../http/types.js';
import { jsonResponse } from '../http/types.js';
import type { ChangeProblem, DatabaseStatus, Deployment } from '../proxy/deployment.js';
import { parseChange } from './changes.js';
import { databaseObject, endpointObject, endpointUid, nodeObject, shardObject } from './objects.js';
import { notFound, problem } from './responses.js';

/** The REST interface of a process. Paths and fields are those of its reference where it has them. */
export function apiRoutes(deployment: Deployment): readonly HttpRoute[] {
  const api = new Api(deployment);
  return [
    get('/v1/nodes', () => jsonResponse(200, api.nodes())),
    get('/v1/nodes/:uid', ({ params }) => oneOf(api.nodes(), params.uid, 'node')),
    get('/v1/bdbs', (request) => jsonResponse(200, api.databases().map(projection(request)))),
    get('/v1/bdbs/:uid', (request) => {
      const databases = api.databases().map(projection(request, ['uid']));
      return oneOf(databases, request.params.uid, 'database');
    }),
    get('/v1/bdbs/:uid/shards', ({ params }) => api.shardsOf(params.uid)),
    { method: 'PUT', path: '/v1/bdbs/:uid', handler: (request) => api.change(request) },
    get('/v1/shards', () => jsonResponse(200, api.shards())),
    get('/v1/shards/:uid', ({ params }) => oneOf(api.shards(), params.uid, 'shard')),
    get('/v1/endpoints', () => jsonResponse(200, deployment.endpoints().map(endpointObject))),
  ];
}

class Api {
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  nodes() {
    const shards = this.#deployment.shards();
    return this.#deployment.nodes().map((node) => nodeObject(node, shards));
  }

  databases() {
    return this.#deployment.databases().map((each) => databaseObject(each, this.#deployment));
  }

  shards() {
    return this.#deployment.shards().map(shardObject);
  }

  shardsOf(uid: string | undefined): HttpResponse {
    const database = this.#find(uid);
    if (database === undefined) return notFound(`database ${uid}`);
    return jsonResponse(
      200,
      this.shards().filter((shard) => shard.bdb_uid === database.uid),
    );
  }

  change({ params, query, body }: HttpRequest): HttpResponse {
    const database = this.#find(params.uid);
    if (database === undefined) return notFound(`database ${params.uid}`);
    // Applied in spite of it, a dry run would be the opposite of what was asked for.
    if (query.has('dry_run')) {
      return problem(501, 'not_supported', 'dry_run is not supported here; nothing was changed');
    }
    const parsed = parseChange(body, database.placement);
    if (parsed.kind === 'refused') return refusal(parsed.status, [parsed.problem]);
    if (parsed.endpoint !== undefined && parsed.endpoint !== endpointUid(database.uid)) {
      return notFound(`endpoint ${parsed.endpoint} of database ${database.uid}`);
    }
    const outcome = this.#deployment.change(database.name, parsed.change);
    if (outcome.kind === 'refused') return refusal(406, outcome.problems);
    const changed = this.#find(params.uid);
    if (outcome.kind === 'unknown-database' || changed === undefined) {
      return notFound(`database ${params.uid}`);
    }
    return jsonResponse(200, databaseObject(changed, this.#deployment));
  }

  #find(uid: string | undefined): DatabaseStatus | undefined {
    return this.#deployment.databases().find((database) => String(database.uid) === uid);
  }
}

function refusal(status: number, problems: readonly ChangeProblem[]): HttpResponse {
  const code = problems[0]?.code ?? 'bad_request';
  return problem(status, code, problems.map(({ message }) => message).join('; '));
}

function get(path: string, handler: HttpHandler): HttpRoute {
  return { method: 'GET', path, handler };
}

function oneOf(
  all: readonly { readonly uid?: unknown }[],
  uid: string | undefined,
  what: string,
): HttpResponse {
  const found = all.find((object) => String(object.uid) === uid);
  return found === undefined ? notFound(`${what} ${uid}`) : jsonResponse(200, found);
}

/** `?fields=a,b` leaves the others out. @param always Fields that are kept nevertheless. */
function projection({ query }: HttpRequest, always: readonly string[] = []) {
  const fields = query.get('fields')?.split(',');
  return (object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
    fields === undefined
      ? object
      : Object.fromEntries(
          Object.entries(object).filter(([key]) => fields.includes(key) || always.includes(key)),
        );
}
