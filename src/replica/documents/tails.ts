import type { Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys, type TailRow } from '../commit/rows.ts';
import type { Draft, Rows } from '../commit/transaction.ts';

/** What of each document is in records and in no checkpoint, as it will be when all that is queued is written. */
export interface Tails {
  readonly rows: ReadonlyMap<string, TailRow>;
  /** Operations and bytes of all of them. */
  sum(): { operations: number; bytes: number };
  /** One more record of a document. Returns its number. */
  grow(rows: Rows, document: string, update: Uint8Array, operations: number): number;
  /** Takes records up to `through` off a tail. */
  settle(work: Settling, document: string, through: number): void;
  /** A write that is not on disk yet takes its whole tail: the rows there are still those before. */
  isSettling(document: string): boolean;
  /** The digest that was noted of a document is not relied on from here on. */
  doubt(draft: Pick<Draft, 'put'>, document: string): void;
  /** As they are on disk. */
  read(): Promise<void>;
}

/** The write that a tail is settled in. */
export type Settling = Pick<Work, 'draft' | 'onDurable'>;

/** One record; after an opening, all that were there. */
interface Piece {
  readonly n: number;
  readonly operations: number;
  readonly bytes: number;
}

const total = (pieces: readonly Piece[], of: 'operations' | 'bytes'): number =>
  pieces.reduce((sum, piece) => sum + piece[of], 0);

export async function createTails(database: Database): Promise<Tails> {
  const rows = new Map<string, TailRow>();
  const pieces = new Map<string, Piece[]>();
  /** Writes on their way to the disk, by the document whose tail they take. */
  const settling = new Map<string, object>();
  /** Number of the last record, of whatever document. */
  let record = 0;

  const tails: Tails = {
    rows,
    sum() {
      let operations = 0;
      let bytes = 0;
      for (const tail of rows.values()) {
        operations += tail.operations;
        bytes += tail.bytes;
      }
      return { operations, bytes };
    },
    grow(batch, document, update, operations) {
      record++;
      const tail = rows.get(document);
      const next: TailRow = {
        from: tail?.from ?? record,
        through: record,
        operations: (tail?.operations ?? 0) + operations,
        bytes: (tail?.bytes ?? 0) + update.length,
      };
      rows.set(document, next);
      const known = pieces.get(document) ?? [];
      known.push({ n: record, operations, bytes: update.length });
      pieces.set(document, known);
      batch.set(keys.record(document, record), update);
      batch.set(keys.tail(document), next);
      batch.set(keys.meta('record'), { n: record });
      return record;
    },
    settle({ draft, onDurable }, document, through) {
      const rest = (pieces.get(document) ?? []).filter(({ n }) => n > through);
      const last = rest.at(-1);
      if (!last) {
        pieces.delete(document);
        rows.delete(document);
        draft.remove(keys.tail(document));
        const write = {};
        settling.set(document, write);
        onDurable(() => settling.get(document) === write && settling.delete(document));
        return;
      }
      const tail: TailRow = {
        from: through + 1,
        through: last.n,
        operations: total(rest, 'operations'),
        bytes: total(rest, 'bytes'),
      };
      pieces.set(document, rest);
      rows.set(document, tail);
      draft.put(keys.tail(document), tail);
    },
    isSettling: (document) => settling.has(document),
    doubt(draft, document) {
      const known = rows.get(document);
      if (known?.digest === undefined) return;
      const { digest: _, ...tail } = known;
      rows.set(document, tail);
      draft.put(keys.tail(document), tail);
    },
    async read() {
      const found = await database.under<TailRow>('tail/');
      const last = await database.getConfirmed<{ n: number }>(keys.meta('record'));
      // Nothing is awaited from here on: half of it would say that a document is in its checkpoint alone.
      rows.clear();
      pieces.clear();
      settling.clear();
      for (const [key, tail] of found) {
        const document = key.slice('tail/'.length);
        rows.set(document, tail);
        pieces.set(document, [{ n: tail.through, operations: tail.operations, bytes: tail.bytes }]);
      }
      record = last?.n ?? 0;
    },
  };
  await tails.read();
  return tails;
}
