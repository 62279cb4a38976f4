import { bulk, FakeServer, type ScriptedReply } from '../../support/fake-server.js';

/** A scripted server with keys: GET, SET, MGET, MSET, DEL, EXISTS; +OK to what links say first. */
export async function startKeyServer(): Promise<FakeServer> {
  const keys = new Map<string, string>();
  return FakeServer.start((args) => answer(keys, args));
}

function answer(keys: Map<string, string>, args: readonly string[]): ScriptedReply {
  const [name = '', ...rest] = args;
  switch (name.toUpperCase()) {
    case 'SET':
    case 'MSET':
      for (let i = 0; i + 1 < rest.length; i += 2) {
        keys.set(rest[i] ?? '', rest[i + 1] ?? '');
      }
      return '+OK\r\n';
    case 'GET':
      return bulkOrNull(keys.get(rest[0] ?? ''));
    case 'MGET':
      return `*${rest.length}\r\n${rest.map((key) => bulkOrNull(keys.get(key))).join('')}`;
    case 'DEL':
      return `:${rest.filter((key) => keys.delete(key)).length}\r\n`;
    case 'EXISTS':
      return `:${rest.filter((key) => keys.has(key)).length}\r\n`;
    default:
      return '+OK\r\n';
  }
}

function bulkOrNull(value: string | undefined): string {
  return value === undefined ? '$-1\r\n' : bulk(value);
}
