import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ErrandArguments,
  handleControl,
  mergeServerCommands,
  toNativeRows,
} from '../../../src/commands/index.js';
import { itemsOf, textOf } from '../../../src/commands/reply-fields.js';
import type { RespReply } from '../../../src/resp/index.js';
import { ControlConnection, NO_CREDENTIALS } from '../../../src/shards/index.js';
import { RealServer } from '../../support/server.js';
import { fakeContext } from './fake-context.js';
import { recordingErrands, value } from './fake-errands.js';
import { requestOf, rowOf, TABLE } from './support.js';

let server: RealServer;
let connection: ControlConnection;
beforeAll(async () => {
  server = await RealServer.start();
  connection = await ControlConnection.open({
    endpoint: { kind: 'tcp', host: server.host, port: server.port },
    credentials: NO_CREDENTIALS,
    connectTimeoutMs: 5_000,
  });
});
afterAll(async () => {
  connection.close();
  await server.stop();
});

function call(...args: readonly string[]): Promise<RespReply> {
  return connection.call(args);
}

test('a real server’s COMMAND gives a row for all it has, and changes no route of ours', async () => {
  const merged = mergeServerCommands(TABLE, [await call('COMMAND')]);
  const listed = await call('COMMAND', 'LIST');
  const names = itemsOf(listed).map(textOf);
  expect(names.length).toBeGreaterThan(300);
  expect(names.filter((name) => merged.find(name) === undefined)).toEqual([]);
  for (const row of merged.rows.filter(({ source }) => source === 'core')) {
    expect(row.route, row.name).toEqual(rowOf(row.name).route);
    expect(row.repeatable, row.name).toBe(rowOf(row.name).repeatable);
  }
  expect(toNativeRows(merged)).toHaveLength(merged.rows.length);
});

test('a real server’s COMMAND INFO is learned from', async () => {
  const withoutGet = mergeServerCommands(TABLE, [await call('COMMAND', 'INFO', 'set', 'config')]);
  expect(withoutGet.find('debug')).toBeUndefined();
  const context = fakeContext({
    table: withoutGet,
    execute: async (_, args) => [await connection.call(args)],
  });
  const outcome = await handleControl(requestOf('DEBUG x', withoutGet), context);
  expect(outcome.kind === 'learned' && rowOf('debug', outcome.table)).toEqual(rowOf('debug'));
});

test('a real server’s INFO keeps its shape', async () => {
  const { errands } = recordingErrands(() => value(''));
  const sendToShards = async (args: ErrandArguments) => {
    const reply = await connection.call(typeof args === 'function' ? args() : args);
    return [value(reply.kind === 'string' ? reply.bytes.toString() : null)];
  };
  const context = fakeContext({
    errands: { ...errands, sendToShards },
    maxMergedReplyBytes: 1_000_000,
  });
  const outcome = await handleControl(requestOf('INFO everything'), context);
  const text = outcome.kind === 'reply' ? outcome.bytes.toString() : '';
  expect(text).toMatch(/^(redis|server)_mode:standalone\r$/m);
  for (const line of ['role:master', 'cluster_enabled:0', 'loading:0']) {
    expect(text).toContain(`${line}\r\n`);
  }
  expect(text).toContain('used_memory_human:');
  expect(text).not.toMatch(/executable|config_file|undefined|NaN/);
  expect(text.indexOf('# Slotgate')).toBeGreaterThan(text.indexOf('# Keyspace'));
});
