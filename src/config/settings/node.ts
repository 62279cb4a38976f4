import type { SettingRow } from '../setting-row.js';

/** What a process of a deployment with `nodes:` has to know. */
export const NODE_SETTINGS = {
  node: {
    kind: 'text',
    format: 'node-id',
    placeholder: 'ID',
    default: undefined,
    flag: 'node',
    env: 'SLOTGATE_NODE',
    reload: 'restart',
    help: 'Which entry of nodes: this process is. Can be left out if there is only one.',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;
