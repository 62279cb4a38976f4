/** What `status` can show, in its order. */
export const STATUS_SECTIONS = ['nodes', 'databases', 'endpoints', 'shards'] as const;
export type StatusSection = (typeof STATUS_SECTIONS)[number];
