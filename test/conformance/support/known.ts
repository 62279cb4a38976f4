import { RealServer } from '../../support/server.js';

/** `COMMAND LIST` of the server at hand; rows of later servers are not in it. */
export const KNOWN: ReadonlySet<string> = await commandList();

async function commandList(): Promise<ReadonlySet<string>> {
  const server = await RealServer.start();
  try {
    const names = await server.call('COMMAND', 'LIST');
    return new Set(Array.isArray(names) ? names.map(String) : []);
  } finally {
    await server.stop();
  }
}
