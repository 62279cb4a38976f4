import type { CommandArguments, RespValue } from '../../resp/index.js';
import type { Errands } from './errands.js';
import { errorValue } from './reply-values.js';

/** The reply of the first primary that gives one, to a command that changes nothing. */
export async function askOneServer(errands: Errands, args: CommandArguments): Promise<RespValue> {
  let reason = 'no primary is known';
  for (const nodeId of errands.primaries()) {
    const [outcome] = await errands.send([nodeId], args);
    switch (outcome?.kind) {
      case 'reply':
        return outcome.reply;
      case 'lost':
        reason = `connection to ${outcome.endpoint} was lost`;
        break;
      case 'not_sent':
      case 'busy':
        reason = outcome.reason;
        break;
    }
  }
  return errorValue(`CLUSTERDOWN no server could be asked: ${reason}`);
}
