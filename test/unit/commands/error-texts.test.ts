import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { handleControl, UnknownCommands } from '../../../src/commands/index.js';
import { encodeCommand } from '../../../src/resp/index.js';
import { RealServer } from '../../support/server.js';
import { fakeContext } from './fake-context.js';
import { requestOf } from './support.js';

let server: RealServer;
beforeAll(async () => {
  server = await RealServer.start();
});
afterAll(() => server.stop());

/** The raw bytes of a reply that is one line. */
async function rawReply(args: readonly Buffer[]): Promise<string> {
  const socket = connect(server.port, server.host);
  await once(socket, 'connect');
  socket.write(encodeCommand(args));
  let text = '';
  for await (const chunk of socket) {
    text += Buffer.from(chunk).toString('latin1');
    if (text.endsWith('\r\n')) {
      break;
    }
  }
  return text;
}

function words(line: string): readonly Buffer[] {
  return line.split(' ').map((word) => Buffer.from(word));
}

const LONG = 'x'.repeat(300);

test.each<readonly [string, readonly Buffer[]]>([
  ['a name alone', words('foo')],
  ['arguments', words('FOO a b')],
  ['an empty argument', [Buffer.from('foo'), Buffer.alloc(0), Buffer.from('b')]],
  ['a long name', words(LONG)],
  ['a long argument', words(`foo ${LONG} b`)],
  ['arguments that reach the limit', words(`foo ${'y'.repeat(60)} ${'z'.repeat(60)} w v`)],
  ['arguments of exactly the limit', words(`foo ${'y'.repeat(125)} z`)],
  ['many arguments', words(`foo ${Array.from({ length: 200 }, (_, i) => i).join(' ')}`)],
  ['line ends', [Buffer.from('f\r\no'), Buffer.from('a\r\nb\n')]],
  ['a NUL', [Buffer.from('fo\0o'), Buffer.from('a\0b')]],
  ['binary', [Buffer.from([0xff, 0xfe]), Buffer.from([0x80, 0x27])]],
  ['an unknown subcommand', words('config foo')],
  ['an unknown subcommand in upper case', words('CLIENT FOO bar')],
  ['an unknown subcommand of COMMAND', words('Command Foo')],
  ['a long subcommand', words(`object ${LONG}`)],
  ['a subcommand with line ends', [Buffer.from('config'), Buffer.from('a\r\nb')]],
  ['a container alone', words('CONFIG')],
  ['too few arguments for a subcommand', words('config get')],
  ['too few arguments for AUTH', words('auth')],
])('in the words of the server: %s', async (_, args) => {
  const context = fakeContext({ unknownCommands: new UnknownCommands(() => 0) });
  const outcome = await handleControl(requestOf(args), context);
  const bytes = outcome.kind === 'reply' ? outcome.bytes.toString('latin1') : outcome.kind;
  expect(bytes).toBe(await rawReply(args));
});
