import { type PresentationView, STANDALONE_VIEW } from '../../../../src/commands/index.js';
import type { ClusterPicture } from '../../../../src/placement/index.js';
import { pictureNode } from '../../placement/support.js';

const PROXY = pictureNode('p'.repeat(40), { port: 6379, configEpoch: 3 });
const PRIMARY = pictureNode('a'.repeat(40), { configEpoch: 3, slots: [[0, 16_383]] });
const REPLICA = pictureNode('b'.repeat(40), {
  port: 7001,
  role: 'replica',
  primaryId: PRIMARY.id,
  configEpoch: 3,
});

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
