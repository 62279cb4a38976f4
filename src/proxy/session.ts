import { ProxyError } from '../errors/index.js';
import type { ControlAnswer, ControlRequest } from '../native/index.js';
import { bulkReply, errorReply, integerReply, mapReply, OK_REPLY } from '../resp/index.js';
import type { LoginSecret } from '../shards/index.js';

/** What logging in needs from the outside. */
export interface LoginDesk {
  /** Whether the default user needs no password. */
  isOpen(): boolean;
  /**
   * Tries the secret at a server.
   * @param address The client's, without its port.
   * @returns The user's number, or the server's refusal without its dash.
   * @throws ProxyError if no server could be asked.
   */
  logIn(
    secret: LoginSecret,
    address: string,
  ): Promise<{ readonly user: number } | { readonly refusal: string }>;
}

const NO_PROTO = 'NOPROTO unsupported protocol version';
const NOT_AN_INTEGER = 'ERR Protocol version is not an integer or out of range';
const NO_AUTH_HELLO =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> ' +
  'AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol ' +
  'version at the same time';
const INVALID_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';
const NO_PASSWORD =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure ' +
  'your configuration is correct?';

/** What HELLO says about the server. */
export interface ShownServer {
  readonly version: string;
  readonly mode: string;
}

interface Hello {
  readonly protocol: 2 | 3;
  readonly secret: LoginSecret | undefined;
  readonly name: string | undefined;
}

/** AUTH [username] password. */
export async function answerAuth(request: ControlRequest, desk: LoginDesk): Promise<ControlAnswer> {
  const [, first = Buffer.alloc(0), second] = request.args;
  if (request.args.length > 3) {
    return reply(errorReply('ERR syntax error'));
  }
  if (second === undefined && desk.isOpen()) {
    return reply(errorReply(NO_PASSWORD));
  }
  const secret =
    second === undefined
      ? { password: first.toString() }
      : { username: first.toString(), password: second.toString() };
  const result = await desk.logIn(secret, hostOf(request.clientAddress));
  return 'refusal' in result
    ? reply(errorReply(result.refusal))
    : { ...reply(OK_REPLY), user: result.user };
}

/**
 * HELLO [protover [AUTH username password] [SETNAME name]].
 * @param shown What clients are shown: the servers' version, and the mode.
 */
export async function answerHello(
  request: ControlRequest,
  desk: LoginDesk,
  shown: ShownServer,
): Promise<ControlAnswer> {
  const hello = parseHello(request);
  if (typeof hello === 'string') {
    return reply(errorReply(hello));
  }
  let user = -1;
  if (hello.secret !== undefined) {
    const result = await desk.logIn(hello.secret, hostOf(request.clientAddress));
    if ('refusal' in result) {
      return reply(errorReply(result.refusal));
    }
    user = result.user;
  } else if (request.mustLogIn) {
    return reply(errorReply(NO_AUTH_HELLO));
  }
  return {
    reply: helloReply(hello.protocol, request.client.id, shown),
    closeAfter: false,
    protocol: hello.protocol,
    user,
    name: hello.name,
  };
}

/** Of `host:port`; a unix socket's path as it is. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}

function parseHello({ args, protocol }: ControlRequest): Hello | string {
  const given = args[1]?.toString();
  if (given !== undefined && !/^-?\d{1,18}$/.test(given)) {
    return NOT_AN_INTEGER;
  }
  const version = given === undefined ? protocol : Number(given);
  if (version !== 2 && version !== 3) {
    return NO_PROTO;
  }
  let secret: LoginSecret | undefined;
  let name: string | undefined;
  for (let i = 2; i < args.length; ) {
    const option = args[i]?.toString().toUpperCase();
    if (option === 'AUTH' && i + 2 < args.length) {
      secret = { username: String(args[i + 1]), password: String(args[i + 2]) };
      i += 3;
    } else if (option === 'SETNAME' && i + 1 < args.length) {
      name = String(args[i + 1]);
      i += 2;
    } else {
      return `ERR Syntax error in HELLO option '${String(args[i])}'`;
    }
  }
  if (name !== undefined && !/^[!-~]*$/.test(name)) {
    return INVALID_NAME;
  }
  return { protocol: version, secret, name };
}

/** As a primary introduces itself. */
function helloReply(protocol: 2 | 3, id: number, { version, mode }: ShownServer): Buffer {
  const text = (value: string) => bulkReply(value);
  return mapReply(protocol, [
    [text('server'), text('redis')],
    [text('version'), text(version)],
    [text('proto'), integerReply(protocol)],
    [text('id'), integerReply(id)],
    [text('mode'), text(mode)],
    [text('role'), text('master')],
    [text('modules'), Buffer.from('*0\r\n')],
  ]);
}

/** A reply that changes nothing about the client. */
export function reply(bytes: Buffer, closeAfter = false): ControlAnswer {
  return { reply: bytes, closeAfter, protocol: 0, user: -1 };
}

/** What a client is told when a bug kept it from being answered. */
export function internalError(error: unknown): ControlAnswer {
  const detail = error instanceof ProxyError ? error.message : 'see the log of the proxy';
  return reply(errorReply(`ERR internal error of the proxy: ${detail}`));
}
