import type { Crypto } from '../../op/index.ts';
import { type ChainOf, chainStart } from '../chain.ts';
import type { Place } from './port.ts';

/** Where a document stands of which no record was read. */
export const unread = (
  crypto: Pick<Crypto, 'sha256'>,
  { mailbox, incarnation, document }: ChainOf,
  name: string | undefined,
): Place => ({
  name,
  offset: 0,
  chain: chainStart(crypto, { mailbox, incarnation, document }),
  vector: new Map(),
  authors: new Map(),
  since: { records: 0, bytes: 0 },
  removed: { known: undefined, since: false },
});
