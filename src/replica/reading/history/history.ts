import type { HistoryQuery } from '../../../../schemas/index.ts';
import { CoterieError, type Hash, type History, type HistoryItem } from '../../../../schemas/index.ts';
import { order } from '../../../fold/index.ts';
import { keys, type OperationRow } from '../../commit/rows.ts';
import { stateOf } from '../../ledger/state.ts';
import { aliasKey } from '../../ledger/subjects/repeats.ts';
import { pageOf, type Reading, stampIso, time } from '../context.ts';
import { type Feed, withoutSalt } from '../feed/feed.ts';
import { historyState } from './fields.ts';
import { sightings } from './seen.ts';
import { type Stored, stateUntil, untilOf } from './until.ts';

async function stored(reading: Reading, subject: Hash): Promise<Stored[]> {
  const on = (await reading.database.under<number>(`v/on/${subject}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  const hashes = [subject, ...on];
  const rows = await reading.database.getMany<OperationRow>(hashes.map(keys.operation));
  return hashes.flatMap((hash, i) => {
    const row = rows[i];
    return row ? [{ hash, header: row.header, row }] : [];
  });
}

/** Operations that came in bulk, proven by what follows them, whose own signatures are still to be looked at. */
async function unlooked({ database }: Reading): Promise<ReadonlySet<Hash>> {
  return new Set((await database.under<readonly Hash[]>('verify/')).flatMap(([, hashes]) => hashes));
}

function signatureOf({ row, hash }: Stored, due: ReadonlySet<Hash>): HistoryItem['signature'] {
  if (row.flaw?.reason === 'signature') return 'fails';
  return row.unchecked || due.has(hash) ? 'unchecked' : 'holds';
}

/**
 * The operations on a thing, rejected ones too, in causal order, and on the first page what they make of it. Throws
 * `not_found`, and for `at` `invalid` and `cursor_unknown`.
 */
export async function history(
  reading: Reading,
  feed: Feed,
  id: Hash,
  query: HistoryQuery = {},
): Promise<History> {
  const until = query.at === undefined ? undefined : untilOf(feed, query.at);
  const subject = reading.database.get<Hash>(aliasKey(id)) ?? id;
  const all = await stored(reading, subject);
  if (all.length === 0 && reading.defaultChannel(subject) === undefined)
    throw new CoterieError('not_found', `There is nothing with the id ${id}.`);
  const graph = order(all, subject);
  const due = await unlooked(reading);
  const seen = await sightings(reading, graph);
  const listed = until ? graph.ops.filter(until.has) : graph.ops;
  const { page, more } = pageOf(listed, query, ({ hash }) => hash);
  const items = page.map((op): HistoryItem => {
    const { hash, row } = op;
    const { header, body, state } = row;
    const by = header.imported?.author ?? header.member;
    return {
      operation: hash,
      type: header.type,
      by: by ? reading.membership.person(by) : null,
      at: header.imported ? time(header.imported.at) : stampIso(header.stamp),
      replica: header.replica,
      state: state?.state ?? 'counted',
      ...(state?.state === 'rejected' ? { reason: state.message } : {}),
      signature: signatureOf(op, due),
      after: [...header.after],
      data: header.data,
      ...(body ? { body: withoutSalt(body) } : {}),
      ...(row.redacted ? { removed: true } : {}),
      seen: seen(hash),
    };
  });
  const says = until ? { until: until.says } : {};
  if (query.cursor !== undefined) return { items, ...more, ...says };
  const state = until
    ? stateUntil(reading, subject, all, until.has)
    : stateOf(reading, reading.database, subject);
  return { items, ...more, state: state ? historyState(reading, state) : null, ...says };
}
