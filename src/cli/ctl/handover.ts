import type { ApiClient } from './api-client.js';

/** Longer than the largest `handoverTimeoutMs`. */
const TIMEOUT_MS = 630_000;

export interface HandoverObject {
  readonly pid: number;
  readonly sockets: number;
  readonly duration_ms: number;
}

/** @throws CommandError with the reason, if the old process goes on. */
export function handOver(api: ApiClient): Promise<HandoverObject> {
  return api.post<HandoverObject>('/v1/handover', {}, TIMEOUT_MS);
}

export function handoverText({ pid, sockets, duration_ms: durationMs }: HandoverObject): string {
  return `Process ${pid} serves now, from ${sockets} inherited sockets; it took ${durationMs} ms\n`;
}
