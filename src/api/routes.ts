import type { HttpHandler, HttpRequest, HttpResponse, HttpRoute } from '../http/types.js';
import { jsonResponse } from '../http/types.js';
import type { ChangeProblem, Deployment } from '../proxy/deployment.js';
import {
  databaseObject,
  endpointObject,
  endpointUid,
  nodeObject,
  type Snapshot,
  shardObject,
  unbalancedObject,
} from './objects.js';
import { notFound, problem } from './responses.js';

/** The REST interface of a process. Paths and fields are those of its reference where it has them. */
export function apiRoutes(deployment: Deployment): readonly HttpRoute[] {
  const list = (objects: (snapshot: Snapshot) => Objects) => async () =>
    jsonResponse(200, objects(await snapshotOf(deployment)));
  const one =
    (what: string, objects: (snapshot: Snapshot) => Objects): HttpHandler =>
    async ({ params }) =>
      oneOf(objects(await snapshotOf(deployment)), params.uid, what);
  return [
    get('/v1/nodes', list(nodeObjects)),
    get('/v1/nodes/:uid', one('node', nodeObjects)),
    get('/v1/bdbs', async (request) => {
      const databases = databaseObjects(await snapshotOf(deployment));
      return jsonResponse(200, databases.map(projection(request)));
    }),
    get('/v1/bdbs/:uid', async (request) => {
      const databases = databaseObjects(await snapshotOf(deployment));
      return oneOf(databases.map(projection(request, ['uid'])), request.params.uid, 'database');
    }),
    get('/v1/bdbs/:uid/shards', async ({ params }) => {
      const snapshot = await snapshotOf(deployment);
      const database = databaseIn(snapshot, params.uid);
      if (database === undefined) return notFound(`database ${params.uid}`);
      const own = snapshot.shards.filter((shard) => shard.database === database.uid);
      return jsonResponse(200, own.map(shardObject));
    }),
    { method: 'PUT', path: '/v1/bdbs/:uid', handler: (request) => change(deployment, request) },
    get('/v1/shards', list(shardObjects)),
    get('/v1/shards/:uid', one('shard', shardObjects)),
    get(
      '/v1/endpoints',
      list(({ endpoints }) => endpoints.map(endpointObject)),
    ),
    get('/v1/balance', async () => {
      const snapshot = await snapshotOf(deployment);
      const rows = deployment.unbalanced().map((row) => unbalancedObject(row, snapshot));
      return jsonResponse(200, rows);
    }),
  ];
}

type Objects = readonly Readonly<Record<string, unknown>>[];

async function snapshotOf(deployment: Deployment): Promise<Snapshot> {
  const [databases, endpoints] = await Promise.all([
    deployment.databases(),
    deployment.endpoints(),
  ]);
  return { nodes: deployment.nodes(), databases, endpoints, shards: deployment.shards() };
}

function nodeObjects({ nodes, shards }: Snapshot): Objects {
  return nodes.map((node) => nodeObject(node, shards));
}

function databaseObjects(snapshot: Snapshot): Objects {
  return snapshot.databases.map((database) => databaseObject(database, snapshot));
}

function databaseIn({ databases }: Snapshot, uid: string | undefined) {
  return databases.find((database) => String(database.uid) === uid);
}

function shardObjects({ shards }: Snapshot): Objects {
  return shards.map(shardObject);
}

async function change(deployment: Deployment, request: HttpRequest): Promise<HttpResponse> {
  const { params, query, body } = request;
  const database = databaseIn(await snapshotOf(deployment), params.uid);
  if (database === undefined) return notFound(`database ${params.uid}`);
  // Applied in spite of it, a dry run would be the opposite of what was asked for.
  if (query.has('dry_run')) {
    return problem(501, 'not_supported', 'dry_run is not supported here; nothing was changed');
  }
  // Its validator is large, and seldom needed.
  const { parseChange } = await import('./changes.js');
  const parsed = parseChange(body, database.placement);
  if (parsed.kind === 'refused') return refusal(parsed.status, [parsed.problem]);
  if (parsed.endpoint !== undefined && parsed.endpoint !== endpointUid(database.uid)) {
    return notFound(`endpoint ${parsed.endpoint} of database ${database.uid}`);
  }
  const outcome = deployment.change(database.name, parsed.change);
  if (outcome.kind === 'refused') return refusal(406, outcome.problems);
  const snapshot = await snapshotOf(deployment);
  const changed = databaseIn(snapshot, params.uid);
  if (outcome.kind === 'unknown-database' || changed === undefined) {
    return notFound(`database ${params.uid}`);
  }
  return jsonResponse(200, databaseObject(changed, snapshot));
}

function refusal(status: number, problems: readonly ChangeProblem[]): HttpResponse {
  const code = problems[0]?.code ?? 'bad_request';
  return problem(status, code, problems.map(({ message }) => message).join('; '));
}

function get(path: string, handler: HttpHandler): HttpRoute {
  return { method: 'GET', path, handler };
}

function oneOf(all: Objects, uid: string | undefined, what: string): HttpResponse {
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
