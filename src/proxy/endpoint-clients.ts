import type { DataPlane } from '../native/index.js';
import type { EndpointClients } from './endpoint.js';

export interface EndpointClientsOptions {
  readonly database: number;
  readonly plane: Pick<
    DataPlane,
    'countClients' | 'closeClients' | 'letLeave' | 'makeLeave' | 'letStay' | 'listClients'
  >;
  /** The presentations of those who came in through the endpoint. */
  readonly presentations: () => readonly number[];
  readonly unblock: (presentations: readonly number[]) => Promise<void>;
  readonly mayBlock: (presentations: readonly number[]) => void;
  readonly announceMove: (seconds: number) => void;
}

/** The clients of an endpoint, as the data plane knows them: by what they are shown. */
export function endpointClients(options: EndpointClientsOptions): EndpointClients {
  const { database, plane, presentations } = options;
  const audience = () => ({ database, presentations: presentations() });
  return {
    count: () => plane.countClients(audience()),
    letLeave: (mostPerWorker) => plane.letLeave(mostPerWorker, audience()),
    makeLeave: () => plane.makeLeave(audience()),
    unblock: () => options.unblock(presentations()),
    letStay: () => {
      plane.letStay(audience());
      options.mayBlock(presentations());
    },
    announceMove: options.announceMove,
    closeAll: async () => {
      const those = new Set(presentations());
      const clients = await plane.listClients(database);
      await plane.closeClients(clients.filter(({ presentation }) => those.has(presentation)));
    },
  };
}
