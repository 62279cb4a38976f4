import { ProxyError } from '../errors/index.js';
import type { RespReply } from '../resp/index.js';
import { itemsOf, numberOf, textOf } from './reply-fields.js';
import { legacyKeySpecs, readKeySpec } from './server-key-specs.js';
import type { CommandFacts, KeySpec, ServerFlag } from './types.js';

/** A command as one server describes it in `COMMAND` or `COMMAND INFO`. */
export interface ServerCommand extends CommandFacts {
  /** Lower case; a subcommand is `container|subcommand`. */
  readonly name: string;
  readonly container: boolean;
  readonly module: boolean;
}

const ARITY_MAX = 32_767;
/** What the data plane takes; a longer name could only be a mistake. */
const NAME_BYTES_MAX = 128;
const SERVER_FLAGS: readonly ServerFlag[] = [
  ...(['write', 'readonly', 'admin', 'pubsub', 'blocking'] as const),
  ...(['no_auth', 'no_multi', 'no_mandatory_keys'] as const),
];

/**
 * Reads the reply to `COMMAND` or `COMMAND INFO`, subcommands included, of any server version: before
 * 7.0 there are no key specifications and the older first/last/step triple is used.
 * @throws ProxyError `permission_denied` or `reply_invalid`.
 */
export function readCommandReply(reply: RespReply): readonly ServerCommand[] {
  if (reply.kind === 'error') {
    const code = reply.message.startsWith('NOPERM') ? 'permission_denied' : 'reply_invalid';
    throw new ProxyError(code, `the server refused COMMAND: ${reply.message}`);
  }
  if (reply.kind !== 'array') {
    throw new ProxyError('reply_invalid', 'the reply to COMMAND is not an array');
  }
  return reply.items.flatMap((entry) => readEntry(entry, false));
}

/** COMMAND INFO answers null for a name that the server does not know. */
function readEntry(entry: RespReply, parentIsModule: boolean): readonly ServerCommand[] {
  if (entry.kind === 'null') {
    return [];
  }
  const fields = itemsOf(entry);
  const name = textOf(fields[0]).toLowerCase();
  if (name === '' || fields[1]?.kind !== 'integer') {
    throw new ProxyError(
      'reply_invalid',
      'the reply to COMMAND has an entry without name or arity',
    );
  }
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) {
    return [];
  }
  const flags = itemsOf(fields[2]).map(textOf);
  const module = parentIsModule || flags.includes('module');
  const subcommands = itemsOf(fields[9]).flatMap((item) => readEntry(item, module));
  const command: ServerCommand = {
    name,
    group: module ? 'module' : 'other',
    arity: plausibleArity(numberOf(fields[1])),
    flags: SERVER_FLAGS.filter((flag) => flags.includes(flag)),
    keySpecs: readKeySpecs(fields, flags, module),
    tips: itemsOf(fields[7]).map(textOf),
    container: subcommands.length > 0,
    module,
  };
  return [command, ...subcommands];
}

/** An arity that the data plane could not store means "any number". */
function plausibleArity(arity: number): number {
  return Math.abs(arity) <= ARITY_MAX ? arity : 0;
}

function readKeySpecs(
  fields: readonly RespReply[],
  flags: readonly string[],
  module: boolean,
): readonly KeySpec[] {
  const specs = itemsOf(fields[8]).map(readKeySpec);
  const isMovable = flags.includes('movablekeys');
  if (specs.length === 0) {
    const [first = 0, last = 0, step = 0] = fields.slice(3, 6).map(numberOf);
    return legacyKeySpecs(first, last, step, isMovable);
  }
  // A module that finds its keys by its own code shows one plain specification and this flag.
  const onlyPlain = specs.every((spec) => spec.begin.kind === 'index' && isUnlimited(spec));
  return module && isMovable && specs.length === 1 && onlyPlain
    ? [...specs, ...legacyKeySpecs(0, 0, 0, true)]
    : specs;
}

function isUnlimited({ find }: KeySpec): boolean {
  return find.kind === 'range' && find.limit === 0;
}
