import { errorReply } from '../../resp/index.js';
import { refusalText } from '../rules/refusals.js';
import type { ControlHandler } from './types.js';

/** XREAD and XREADGROUP with BLOCK; without it they never come up. */
export const handleBlockingRead: ControlHandler = (request, context) => {
  const name = context.table.rows[request.row]?.name ?? '';
  const text = `${refusalText('unsupported', name)} with BLOCK`;
  return { kind: 'reply', bytes: errorReply(text) };
};
