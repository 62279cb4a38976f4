import type { ControlRequest } from '../../native/types.js';
import type { RespValue } from '../../resp/index.js';
import { fanOut } from './fan-out/index.js';
import { globMatches } from './glob.js';
import { askOneServer } from './one-server.js';
import { showsCluster } from './presentation.js';
import { bulkValue, errorValue, isError, mapValue, pairsIn, textIn } from './reply-values.js';
import type { ControlContext, ValueHandler } from './types.js';

/** The servers' own passwords: whoever may use the proxy must not learn them from it. */
const SECRETS: ReadonlySet<string> = new Set([
  ...['requirepass', 'masterauth', 'primaryauth', 'tls-key-file-pass', 'tls-client-key-file-pass'],
]);

/**
 * CONFIG GET pattern [pattern …]: the settings of any primary, except for those that the proxy has
 * itself, and without the servers' passwords. A server is asked in any case: it knows the rights.
 */
export const handleConfigGet: ValueHandler = async (request, context) => {
  const patterns = request.args.slice(2).map((arg) => arg.toString('latin1').toLowerCase());
  const reply = await askOneServer(context.errands, request.args);
  if (isError(reply)) {
    return reply;
  }
  const values = new Map<string, RespValue>();
  for (const [nameValue, value] of pairsIn(reply)) {
    const name = textIn(nameValue);
    values.set(name, SECRETS.has(name) ? bulkValue('') : value);
  }
  for (const [name, value] of Object.entries(ownValues(request, context))) {
    if (patterns.some((pattern) => globMatches(pattern, name))) {
      values.set(name, bulkValue(value));
    }
  }
  return mapValue(values);
};

/** CONFIG SET name value [name value …]: on every server, unless it is for the proxy itself. */
export const handleConfigSet: ValueHandler = (request, context, row) => {
  const own = ownValues(request, context);
  const names = request.args.slice(2).filter((_, i) => i % 2 === 0);
  const wrong = names
    .map((name) => name.toString().toLowerCase())
    .find((name) => Object.hasOwn(own, name));
  return wrong === undefined ? fanOut(row, request, context) : Promise.resolve(ownError(wrong));
};

/** How the proxy presents itself, whatever the servers are, and its own settings. */
function ownValues(
  request: ControlRequest,
  context: ControlContext,
): Readonly<Record<string, string>> {
  const isCluster = showsCluster(context.presentation(request), request);
  return { 'cluster-enabled': isCluster ? 'yes' : 'no', ...context.configValues() };
}

function ownError(name: string): RespValue {
  return errorValue(
    `ERR CONFIG SET failed (possibly related to argument '${name}') - Slotgate has this parameter ` +
      "itself: change it in Slotgate's configuration, or connect to a server to change the server's",
  );
}
