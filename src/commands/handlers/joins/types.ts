import type { ControlRequest } from '../../../native/types.js';
import type { RespValue } from '../../../resp/index.js';
import type { ControlContext } from '../types.js';

/** How the replies to one command become one, where no policy says it. */
export interface SpecialJoin {
  /** @param replies At least one; none of them is an error. */
  readonly join: (
    replies: readonly RespValue[],
    request: ControlRequest,
    context: ControlContext,
  ) => RespValue;
  /** Errors of servers that have nothing to add, as long as another has. */
  readonly nothingToAdd?: RegExp;
}
