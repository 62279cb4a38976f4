import { ProxyError, type ProxyErrorCode } from '../errors/index.js';
import type { CommandArguments, RespReply } from '../resp/index.js';
import { type ControlConnection, formatEndpoint } from '../shards/index.js';

interface Refusal {
  readonly pattern: RegExp;
  readonly code: ProxyErrorCode;
  /** What is wrong and what to do, to follow the endpoint. */
  readonly advice: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    pattern: /cluster support disabled/,
    code: 'cluster_disabled',
    advice:
      'is a stand-alone server (cluster-enabled no): start it with "cluster-enabled yes", ' +
      'or try "slotgate up", which starts a local cluster',
  },
  {
    pattern: /^NOAUTH /,
    code: 'authentication_refused',
    advice: 'wants a password (NOAUTH): configure the one of the servers, by file or environment',
  },
  {
    pattern: /^LOADING /,
    code: 'server_loading',
    advice: 'is still loading its data',
  },
  {
    pattern: /^NOPERM /,
    code: 'permission_denied',
    advice: "does not let the proxy's user run a command that it needs",
  },
];

/**
 * A call whose reply must be text.
 * @throws ProxyError also for an error reply, with the code that says what to do about it.
 */
export async function callForText(
  connection: ControlConnection,
  args: CommandArguments,
  timeoutMs: number,
): Promise<string> {
  const reply = await connection.call(args, { timeoutMs });
  if (reply.kind === 'string') {
    return reply.bytes.toString();
  }
  throw refusal(connection, args, reply);
}

/** The failure that an unwanted reply means, worded for the user. */
function refusal(
  connection: ControlConnection,
  args: CommandArguments,
  reply: RespReply,
): ProxyError {
  const where = formatEndpoint(connection.endpoint);
  const command = args.map(String).join(' ');
  if (reply.kind !== 'error') {
    return new ProxyError('reply_invalid', `${where} answered ${command} with a ${reply.kind}`);
  }
  const known = REFUSALS.find(({ pattern }) => pattern.test(reply.message));
  if (known === undefined) {
    return new ProxyError('server_refused', `${where} answered ${command} with: ${reply.message}`);
  }
  const detail = known.code === 'permission_denied' ? `: ${reply.message}` : '';
  return new ProxyError(known.code, `${where} ${known.advice}${detail}`);
}
