import type { Progress } from '../../schemas/index.ts';
import type { LongWork, Replica } from '../../src/replica/surface.ts';
import { connectionOf } from './asked.ts';
import { refusalOf, safeHeaders } from './errors.ts';
import type { Exchange } from './route.ts';

/** Progress lines come no closer together than this, ms. */
const pace = 100;

/**
 * Long work as lines of JSON: `{"progress"}` as it goes, then `{"result"}` or `{"error"}`. What fails before the first
 * line is an ordinary error with its status. Ends when the client hangs up or the node stops.
 */
export async function sendWork(
  { door, asked }: Pick<Exchange, 'door' | 'asked'>,
  run: (replica: Replica, work: LongWork) => Promise<unknown>,
): Promise<void> {
  const { incoming, outgoing } = connectionOf(asked);
  const signal = AbortSignal.any([asked.gone(), door.stopping]);
  let told = 0;

  const line = (value: object): void => {
    if (outgoing.destroyed) return;
    if (!outgoing.headersSent)
      outgoing.writeHead(200, { ...safeHeaders, 'content-type': 'application/x-ndjson' });
    outgoing.write(`${JSON.stringify(value)}\n`);
  };
  const progress = (step: Progress): void => {
    const now = performance.now();
    // A reader who does not read is told less, not more slowly: the work does not wait for it.
    const skip = told > 0 && now - told < pace && step.done !== step.total;
    if (skip || outgoing.writableNeedDrain) return;
    told = now;
    line({ progress: step });
  };

  try {
    line({ result: await run(door.replica, { progress, signal }) });
  } catch (error) {
    const why: unknown = signal.aborted ? signal.reason : error;
    if (!outgoing.headersSent && !outgoing.destroyed) throw why;
    line(refusalOf(why, door.log, incoming.url ?? '').answer);
  }
  outgoing.end();
}
