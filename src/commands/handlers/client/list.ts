import type { ClientRecord, ControlRequest } from '../../../native/types.js';
import { encodeValue } from '../../../resp/index.js';
import type { ControlContext, ControlOutcome } from '../types.js';
import { int64Of, refuse, SYNTAX_ERROR, wordOf } from './arguments.js';
import { describeClient } from './describe.js';
import { clientTypeOf, hasType } from './types-of-clients.js';

/** CLIENT INFO: the client that asks, in the form of CLIENT LIST. */
export async function handleClientInfo(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  return linesReply(request, context, await context.clients.list([request.client.id]));
}

/** CLIENT LIST [TYPE type] [ID id …]: clients of all workers, oldest first. */
export async function handleClientList(
  request: ControlRequest,
  context: ControlContext,
): Promise<ControlOutcome> {
  const [option, ...values] = request.args.slice(2);
  if (option === undefined) {
    return linesReply(request, context, await context.clients.list());
  }
  if (wordOf(option) === 'TYPE' && values.length === 1) {
    const type = clientTypeOf(values[0]);
    if (type === undefined) {
      return refuse(`Unknown client type '${String(values[0])}'`);
    }
    const clients = await context.clients.list();
    return linesReply(
      request,
      context,
      clients.filter((client) => hasType(client, type)),
    );
  }
  return wordOf(option) === 'ID' && values.length > 0
    ? listById(request, context, values)
    : refuse(SYNTAX_ERROR);
}

/** In the order of the ids given, as a server does it; ids of nobody are left out. */
async function listById(
  request: ControlRequest,
  context: ControlContext,
  values: readonly Buffer[],
): Promise<ControlOutcome> {
  const ids = values.map(int64Of);
  if (ids.includes(null)) {
    return refuse('Invalid client ID');
  }
  const numbers = ids.map(Number);
  const wanted = numbers.filter((id) => Number.isSafeInteger(id) && id > 0);
  const found = await context.clients.list([...new Set(wanted)]);
  const byId = new Map(found.map((client) => [client.id, client]));
  return linesReply(
    request,
    context,
    numbers.flatMap((id) => byId.get(id) ?? []),
  );
}

function linesReply(
  request: ControlRequest,
  context: ControlContext,
  clients: readonly ClientRecord[],
): ControlOutcome {
  const text = clients.map((client) => `${describeClient(client, context)}\n`).join('');
  const value = { kind: 'verbatim', format: 'txt', bytes: Buffer.from(text) } as const;
  return { kind: 'reply', bytes: encodeValue(value, request.protocol) };
}
