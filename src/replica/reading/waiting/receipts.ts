import { CoterieError, type Hash } from '../../../../schemas/index.ts';
import { hashOf } from '../../../op/index.ts';
import type { Reading } from '../context.ts';
import type { Feed } from '../feed/feed.ts';

/** What an answer showed: everything that it says is in the receipt itself, so it holds over restarts. */
export interface Receipt {
  /** Everything that stood in the feed up to here was shown or counted, but for what needs the member and was cut. */
  readonly n: number;
  /** Inbox items (from, to], by the order in which they came up here, were shown. */
  readonly from: number;
  readonly to: number;
  /** Some of it was counted, not shown. */
  readonly counts: boolean;
}

type Source = Pick<Reading, 'crypto'>;

/** Tells a receipt that was given from one that was mistyped, and whose it is. */
const checkOf = ({ crypto }: Source, feed: Feed, member: Hash, fields: readonly string[]): string =>
  hashOf(crypto, ['receipt', feed.epoch, member, ...fields]).slice(0, 10);

export function receiptOf(
  reading: Source,
  feed: Feed,
  member: Hash,
  { n, from, to, counts }: Receipt,
): string {
  const fields = [`${n}`, `${from}`, `${to}`, counts ? 'c' : 's'];
  return [feed.epoch, ...fields, checkOf(reading, feed, member, fields)].join('.');
}

/** Throws `receipt_unknown` for one that was not given to this member by this feed. */
export function parseReceipt(reading: Source, feed: Feed, member: Hash, receipt: string): Receipt {
  const match = /^([A-Za-z0-9_-]+)\.(\d{1,11})\.(\d{1,11})\.(\d{1,11})\.([cs])\.([a-z2-7]{10})$/.exec(
    receipt,
  );
  const [, epoch, n = '', from = '', to = '', how = '', check] = match ?? [];
  if (!match) throw new CoterieError('receipt_unknown', 'This is no receipt.');
  if (epoch !== feed.epoch)
    throw new CoterieError('receipt_unknown', 'The receipt is of another replica, or of before its rebuild.');
  if (check !== checkOf(reading, feed, member, [n, from, to, how]) || Number(n) > feed.end())
    throw new CoterieError('receipt_unknown', 'The receipt was not given to this member here.');
  return { n: Number(n), from: Number(from), to: Number(to), counts: how === 'c' };
}
