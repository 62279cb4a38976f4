/** Why a local cluster did not start. `usage` problems are the caller's to fix by other options. */
export const LOCAL_CLUSTER_ERROR_CODES = {
  server_program_missing: 'Neither redis-server nor valkey-server was found.',
  data_directory_in_use: 'Another process runs a local cluster in the same data directory.',
  data_directory_mismatch: 'The data directory holds a cluster of another shape.',
  data_directory_invalid: 'The data directory cannot be used, or its state cannot be read.',
  ports_exhausted: 'No free ports were found for the servers.',
  server_exited: 'A server of the local cluster ended while it was needed.',
  cluster_not_ready: 'The servers run, but did not become a working cluster in time.',
} as const;

export type LocalClusterErrorCode = keyof typeof LOCAL_CLUSTER_ERROR_CODES;

export class LocalClusterError extends Error {
  readonly code: LocalClusterErrorCode;

  constructor(
    code: LocalClusterErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'LocalClusterError';
    this.code = code;
  }
}
