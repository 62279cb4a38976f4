import { OK_REPLY, simpleReply } from '../../../resp/index.js';
import type { ControlHandler } from '../types.js';
import { refuse, SYNTAX_ERROR, wordOf } from './arguments.js';

/** RESET: the connection is as if it had just been made. */
export const handleReset: ControlHandler = () => ({
  kind: 'reply',
  bytes: simpleReply('RESET'),
  change: 'reset',
});

/** MONITOR: the client is shown what the clients of this proxy send. It is answered when all workers know. */
export const handleMonitor: ControlHandler = () => ({
  kind: 'reply',
  bytes: OK_REPLY,
  change: 'monitor',
});

/** CLIENT NO-EVICT ON | OFF. */
export const handleClientNoEvict: ControlHandler = ({ args }) => {
  switch (wordOf(args[2])) {
    case 'ON':
      return { kind: 'reply', bytes: OK_REPLY, change: 'no_evict_on' };
    case 'OFF':
      return { kind: 'reply', bytes: OK_REPLY, change: 'no_evict_off' };
    default:
      return refuse(SYNTAX_ERROR);
  }
};
