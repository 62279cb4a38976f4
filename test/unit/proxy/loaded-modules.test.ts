import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../../../src/log/logger.js';
import { LoadedModules } from '../../../src/proxy/loaded-modules.js';
import type { RespReply } from '../../../src/resp/index.js';

function text(words: string): RespReply {
  return { kind: 'string', bytes: Buffer.from(words) };
}

/** As Redis 7.0 and Valkey 8.0 describe a module in MODULE LIST. */
function entry(name: string): RespReply {
  const version: RespReply = { kind: 'integer', value: 10_812 };
  const fields = [text('name'), text(name), text('ver'), version, text('path'), text('/a/name.so')];
  const args: RespReply = { kind: 'array', items: [text('name'), text('other')] };
  return { kind: 'array', items: [...fields, text('args'), args] };
}

test('the names of MODULE LIST, until a server says something else', async () => {
  const answers: (RespReply | Error)[] = [
    { kind: 'array', items: [entry('timeseries'), entry('search')] },
    { kind: 'error', message: 'NOPERM no' },
    new Error('connection lost'),
    { kind: 'array', items: [] },
  ];
  const execute = async (target: string, args: readonly unknown[]) => {
    expect([target, args]).toEqual(['any-primary', ['MODULE', 'LIST']]);
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  };
  const modules = new LoadedModules({ monitor: { execute }, log: SILENT_LOGGER });
  expect(modules.names).toEqual([]);
  for (let i = 0; i < 3; i++) {
    await modules.refresh();
    expect(modules.names).toEqual(['timeseries', 'search']);
  }
  await modules.refresh();
  expect(modules.names).toEqual([]);
});
