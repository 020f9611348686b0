import { CoterieError, type Hash } from '../../../../schemas/index.ts';
import { foldFor, foldOf, foldSubject, rejected } from '../../../fold/index.ts';
import { happened } from '../../../fold/shared.ts';
import type { AnyState, Op } from '../../../fold/types.ts';
import type { OperationRow } from '../../commit/rows.ts';
import { judgementOf } from '../../ledger/judging.ts';
import { type Reading, time } from '../context.ts';
import { type Feed, parseCursor } from '../feed/feed.ts';

/** An operation on a thing, as it is stored. */
export interface Stored {
  readonly hash: Hash;
  readonly header: OperationRow['header'];
  readonly row: OperationRow;
}

/** Which operations are meant, and what the answer says of that. */
export interface Until {
  readonly has: (op: Stored) => boolean;
  readonly says: { made: string } | { arrived: string };
}

const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Reads `at`. Throws `invalid` for what is neither, `cursor_unknown` for a cursor of another feed. */
export function untilOf(feed: Feed, at: string): Until {
  if (isoTime.test(at)) {
    const ms = Date.parse(at);
    if (!Number.isNaN(ms)) return { has: ({ header }) => happened(header) <= ms, says: { made: time(ms) } };
  }
  if (!/^[A-Za-z0-9_-]+\.\d{1,15}$/.test(at) && at !== '0')
    throw new CoterieError('invalid', 'at is neither a time nor a cursor', {
      hint: 'Send a time as 2031-01-31T12:00:00Z, or a cursor of an event.',
    });
  const n = parseCursor(feed, at);
  return { has: ({ row }) => row.feed !== undefined && row.feed <= n, says: { arrived: at } };
}

/**
 * What the chosen operations make of a thing, by the membership that is known now. Those that they saw and that are not
 * chosen (rejected ones never enter the feed; a clock may be behind) keep their place in the causal order and change
 * nothing: without them what was written one after the other would look written apart.
 */
export function stateUntil(
  reading: Reading,
  subject: Hash,
  all: readonly Stored[],
  has: (op: Stored) => boolean,
): AnyState | undefined {
  const byHash = new Map(all.map((op) => [op.hash, op]));
  const folds = ({ row }: Stored): boolean => !row.flaw && row.state?.state !== 'waiting';
  const chosen = new Set(all.filter((op) => folds(op) && has(op)).map(({ hash }) => hash));
  const wanted = new Set(chosen);
  for (const hash of wanted)
    for (const one of byHash.get(hash)?.header.after ?? []) if (byHash.has(one)) wanted.add(one);
  const creation = byHash.get(subject);
  const initial = creation ? undefined : reading.defaultChannel(subject);
  const kind = creation ? foldOf(creation.header.type) : initial?.kind;
  if (kind === undefined || (creation && !chosen.has(subject))) return undefined;
  const said = new Map(
    [...wanted].map((hash) => [hash, judged(reading, byHash.get(hash), chosen.has(hash))]),
  );
  const ops = [...wanted].flatMap((hash): Op[] => {
    const op = byHash.get(hash);
    return op ? [{ hash, header: op.header, role: said.get(hash)?.role }] : [];
  });
  return foldSubject(foldFor(kind), ops, ({ hash }) => said.get(hash)?.verdict, initial).state;
}

const later = rejected('frontier', 'it is not of the time that is asked for');

function judged(reading: Reading, op: Stored | undefined, isChosen: boolean) {
  if (!op || !isChosen) return { verdict: later, role: undefined };
  const { verdict, role } = judgementOf(reading, reading.database, op.hash, op.header);
  return { verdict, role };
}
