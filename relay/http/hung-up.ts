import type { ServerResponse } from 'node:http';
import { CoterieError } from '../../schemas/index.ts';

/** Aborts when who asked hangs up before the answer was sent: what waits for nobody need not go on. */
export function hungUp(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableEnded) gone.abort(new CoterieError('closed', 'Who asked hung up.'));
  });
  return gone.signal;
}
