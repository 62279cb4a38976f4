/** The scripts whose bodies the proxy keeps, so that it can load them where they are needed. */
export interface ScriptCache {
  learn(body: Buffer): void;
  clear(): void;
  /** @param digest SHA-1 in hexadecimal, of any case. */
  has(digest: string): boolean;
}
