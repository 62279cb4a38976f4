import { type PresentationView, STANDALONE_VIEW } from '../../../../src/commands/index.js';
import type { ClusterPicture, PictureNode } from '../../../../src/placement/index.js';

function node(id: string, port: number, more: Partial<PictureNode> = {}): PictureNode {
  return {
    id,
    host: '10.0.0.1',
    port,
    ip: '10.0.0.1',
    hostname: null,
    role: 'primary',
    primaryId: null,
    health: 'online',
    isConnected: true,
    configEpoch: 3,
    slots: [],
    ...more,
  };
}

const PROXY = node('p'.repeat(40), 6379);
const PRIMARY = node('a'.repeat(40), 7000, { slots: [[0, 16_383]] });
const REPLICA = node('b'.repeat(40), 7001, { role: 'replica', primaryId: PRIMARY.id });

/** One primary with a replica, and the proxy beside them. */
export const PICTURE: ClusterPicture = {
  nodes: [PRIMARY, REPLICA],
  myself: PROXY,
  currentEpoch: 3,
  failedSlots: 0,
};

export function fakeView(overrides: Partial<PresentationView> = {}): PresentationView {
  return {
    ...STANDALONE_VIEW,
    mode: 'cluster',
    helloMode: 'cluster',
    picture: () => PICTURE,
    ...overrides,
  };
}
