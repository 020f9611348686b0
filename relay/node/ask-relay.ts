import { CoterieError, RelayInfo } from '../../schemas/index.ts';
import { createCaller } from '../../src/client/call.ts';
import { fetchTransport, type Transport } from '../../src/client/transport.ts';

/** How long a relay may take to say who it is, ms. */
const patience = 10_000;

/**
 * Asks who answers at a URL. Undefined for a node of before this question, or a replica that answers nothing but links.
 * Rejects with `unreachable` when nobody answers, or something that is no relay.
 */
export async function askRelay(
  url: string,
  transport: Transport = fetchTransport,
): Promise<RelayInfo | undefined> {
  const caller = createCaller(url, undefined, transport);
  let answer: unknown;
  try {
    answer = await caller.json('GET', '/relay', { signal: AbortSignal.timeout(patience) });
  } catch (error) {
    if (error instanceof CoterieError && ['no_route', 'unauthorized'].includes(error.code)) return undefined;
    if (error instanceof CoterieError && error.code !== 'unreachable') throw error;
    throw new CoterieError('unreachable', `no relay answers at ${url}`, {
      hint: 'Look at the URL, and whether the relay runs.',
      cause: error,
    });
  }
  const parsed = RelayInfo.safeParse(answer);
  if (!parsed.success)
    throw new CoterieError('unreachable', `${url} answered something that no relay says`, {
      hint: 'Is this the URL of a Coterie relay?',
    });
  return parsed.data;
}
