import type { RefusalKind } from '../types.js';

/** The error reply, without `-` and line end, for a command that the proxy refuses. */
export function refusalText(refusal: RefusalKind, name: string): string {
  switch (refusal) {
    case 'unsupported':
      return `ERR command is not supported by this version of Slotgate: '${name}'`;
    case 'forbidden':
      return `ERR command is not allowed through Slotgate: '${name}'`;
    case 'cluster_disabled':
      return 'ERR This instance has cluster support disabled';
    case 'keys_unknown':
      return `ERR Slotgate cannot tell the keys of '${name}': the module does not declare where they are`;
  }
}
