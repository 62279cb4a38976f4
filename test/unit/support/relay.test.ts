import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RawClient } from '../../support/raw-client.js';
import { Relay } from '../../support/relay.js';
import { waitFor } from '../../support/wait.js';

/** Answers with what it gets. */
let echo: Server;
let accepted: Socket[];
let received: string;
let relay: Relay;
beforeEach(async () => {
  accepted = [];
  received = '';
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      received += String(data);
      socket.write(data);
    });
    socket.on('end', () => socket.end('bye'));
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const address = echo.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  relay = await Relay.start({ host: '127.0.0.1', port });
  return async () => {
    for (const socket of accepted) socket.destroy();
    echo.close();
    await relay.stop();
  };
});
const clients: RawClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect({ host: '127.0.0.1', port: relay.port });
  clients.push(client);
  return client;
}

async function connectAndTalk(): Promise<RawClient> {
  const client = await connect();
  client.send('hello');
  await client.expect('hello');
  return client;
}

/** The reset comes before or after the system has told that the connection is there. */
async function expectReset(): Promise<void> {
  const client = await connect().catch((error: unknown) => String(error));
  if (typeof client === 'string') expect(client).toContain('ECONNRESET');
  else expect(await client.untilEnded()).toBe('');
}

describe('a relay', () => {
  test('passes bytes and the end of them, in both directions', async () => {
    const client = await connectAndTalk();
    const large = 'x'.repeat(3_000_000);
    client.send(large);
    expect((await client.take(large.length)).toString()).toBe(large);
    client.end('last');
    expect(await client.untilEnded()).toBe('lastbye');
    await waitFor('the relay to forget it', () => relay.connections === 0);
  });

  test('tells each side that the other one is gone', async () => {
    const client = await connectAndTalk();
    accepted[0]?.destroy();
    await client.untilEnded();
    const other = await connectAndTalk();
    other.close();
    await waitFor('the server to see it', () => accepted[1]?.destroyed === true);
  });

  test('resets who connects when the target does not listen', async () => {
    const live = await connectAndTalk();
    await new Promise<void>((resolve) => {
      echo.close(() => resolve());
      for (const socket of accepted) socket.destroy();
    });
    await live.untilEnded();
    await expectReset();
  });

  test.each(['reset', 'end'] as const)('cuts what there is, not what comes: %s', async (mode) => {
    const client = await connectAndTalk();
    relay.cut(mode);
    await client.untilEnded();
    await waitFor(
      'the server to see it',
      () => accepted[0]?.readableEnded || accepted[0]?.closed === true,
    );
    await connectAndTalk();
  });

  test('cuts inside a request: half of it arrives', async () => {
    const client = await connectAndTalk();
    relay.cut('inside-request');
    client.send('0123456789');
    await client.untilEnded();
    await waitFor('half of it to arrive', () => received === 'hello01234');
  });

  test('cuts inside a reply: all of the request arrives, half of the reply', async () => {
    const client = await connectAndTalk();
    relay.cut('inside-reply');
    client.send('0123456789');
    expect(await client.untilEnded()).toBe('01234');
    expect(received).toBe('hello0123456789');
  });

  test('refuses new connections for a while', async () => {
    const client = await connectAndTalk();
    relay.refuse(true);
    await expectReset();
    client.send('still here');
    await client.expect('still here');
    relay.refuse(false);
    await connectAndTalk();
  });

  test('passes nothing while frozen, and all of it afterwards', async () => {
    const client = await connectAndTalk();
    relay.freeze(true);
    client.send('cold');
    const late = await connect();
    late.send('late');
    await waitFor('the relay to have it', () => relay.connections === 2);
    expect([received, client.size, late.size]).toEqual(['hello', 0, 0]);
    relay.freeze(false);
    await client.expect('cold');
    await late.expect('late');
  });

  test('delays what comes, in both directions', async () => {
    const client = await connectAndTalk();
    relay.delay(40);
    const before = performance.now();
    client.send('slow');
    await client.expect('slow');
    expect(performance.now() - before).toBeGreaterThanOrEqual(79);
    relay.delay(0);
    await connectAndTalk();
  });
});
