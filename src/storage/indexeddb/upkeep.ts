import { turn } from '../../turn.ts';
import type { StorageError } from '../port.ts';
import { type Connection, type Durable, write } from './database.ts';
import { type Journal, manifest, type Stored } from './journal.ts';
import { bytesBetween, isWhole, lowerBound, moved, piecesOf, without } from './ordered.ts';
import { keyAt, type Sheet, sheetOf, sheetOfMap } from './sheet.ts';
import { toStorageError } from './trouble.ts';

const MIB = 1024 * 1024;

/** When the log is packed into one sheet: its bytes, and its records, each of which costs time at opening. */
const LOG_BYTES = MIB;
const LOG_RECORDS = 512;
/** When packs are merged into the base: as many bytes as there are in the base, within these bounds. */
const PACK_BYTES = [4 * MIB, 32 * MIB] as const;
const PACKS = 32;
/** Bytes of a sheet of the base, and how small one has to be to be joined with the next. */
const SHEET_BYTES = MIB;
const SMALL_BYTES = MIB / 4;

const bytesOf = (stored: readonly Stored[]): number =>
  stored.reduce((sum, { sheet }) => sum + sheet.bytes.length, 0);

/**
 * Keeps opening quick and what is stored small. A commit is a small record in a log. Many of them become one pack,
 * which replaces them; many packs are merged into the base, of which only the sheets that they touch are written
 * again, each in a transaction of its own. A merge that is cut off leaves packs over sheets that have them already,
 * which changes nothing: the packs go last.
 */
export interface Upkeep {
  /** Looks whether something is due, and does it meanwhile. */
  notice(): void;
  /** Packs and merges all that there is now. */
  everything(): Promise<void>;
  /** Resolves when nothing is going on. */
  idle(): Promise<void>;
  /** Ends what is going on at its next step. */
  stop(): void;
}

export function createUpkeep(options: {
  readonly connection: Connection;
  readonly durability: Durable;
  journal(): Journal;
  /** Something else than a full disk. */
  onTrouble(error: StorageError): void;
}): Upkeep {
  const { connection, durability } = options;
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  let stopped = false;
  // Grows while there is no room, so that it is not tried at every commit.
  let patience = 1;

  const isDue = ({ rows, logged }: Journal): boolean =>
    rows.recentBytes >= LOG_BYTES * patience || logged >= LOG_RECORDS * patience;

  const isMergeDue = ({ packs, base }: Journal): boolean => {
    const [least, most] = PACK_BYTES;
    return packs.length >= PACKS || bytesOf(packs) >= Math.max(least, Math.min(most, bytesOf(base)));
  };

  async function pack(journal: Journal): Promise<void> {
    const { last, rows, logged } = journal;
    if (last === journal.packedUpTo) return;
    const was = rows.recent();
    const sheet = sheetOfMap(was);
    const packs = was.size === 0 ? journal.packs : [...journal.packs, { key: last, sheet }];
    const packed = manifest(journal, { packs, packedUpTo: last });
    await write(
      connection,
      ['log', 'packs', 'meta'],
      durability,
      (transaction) => [
        ...(was.size === 0 ? [] : [transaction.objectStore('packs').put(sheet.bytes, last)]),
        transaction.objectStore('log').delete(IDBKeyRange.upperBound(last) as never),
        transaction.objectStore('meta').put(packed, 'packed'),
      ],
      'The log could not be packed',
    );
    if (was.size > 0) rows.absorb(sheet, was);
    journal.packs = packs;
    journal.packedUpTo = last;
    journal.logged -= logged;
  }

  /** Where the rows of a sheet of the base begin among all rows. */
  function placeOf({ base, rows }: Journal, at: number): number {
    const stored = base[at];
    if (at === 0) return 0;
    return stored === undefined ? rows.ordered.count : lowerBound(rows.ordered, keyAt(stored.sheet, 0));
  }

  /** Writes some sheets of the base again, as the rows are now. Resolves with how many they are now. */
  async function rewrite(journal: Journal, at: number, next: number): Promise<number> {
    const { rows, base } = journal;
    const { ordered } = rows;
    const from = placeOf(journal, at);
    const old = base.slice(at, next);
    let free = Math.max(0, ...base.map(({ key }) => key));
    const fresh: Stored[] = [];
    for (const piece of piecesOf(ordered, from, placeOf(journal, next), SHEET_BYTES)) {
      free += 1;
      fresh.push({ key: free, sheet: sheetOf(piece) });
      await turn();
    }
    const nextBase = [...base.slice(0, at), ...fresh, ...base.slice(next)];
    await write(
      connection,
      ['base', 'meta'],
      durability,
      (transaction) => [
        ...old.map(({ key }) => transaction.objectStore('base').delete(key)),
        ...fresh.map(({ key, sheet }) => transaction.objectStore('base').put(sheet.bytes, key)),
        transaction.objectStore('meta').put(manifest(journal, { base: nextBase }), 'packed'),
      ],
      'Packs could not be merged',
    );
    rows.ordered = without(
      moved(
        ordered,
        from,
        fresh.map(({ sheet }) => sheet),
      ),
      new Set(old.map(({ sheet }) => sheet)),
    );
    journal.base = nextBase;
    return fresh.length;
  }

  async function merge(journal: Journal): Promise<void> {
    const { packs } = journal;
    if (packs.length === 0) return;
    let at = 0;
    // Where there is no base yet, all rows are what its first sheet would have.
    do {
      const from = placeOf(journal, at);
      let next = at + 1;
      const sheet = journal.base[at]?.sheet;
      if (sheet !== undefined && isWhole(journal.rows.ordered, from, placeOf(journal, next), sheet)) {
        at = next;
        continue;
      }
      while (
        next < journal.base.length &&
        bytesBetween(journal.rows.ordered, from, placeOf(journal, next)) < SMALL_BYTES
      )
        next += 1;
      at += await rewrite(journal, at, next);
      await turn();
      if (stopped) return;
    } while (at < journal.base.length);
    await write(
      connection,
      ['packs', 'meta'],
      durability,
      (transaction) => [
        transaction.objectStore('packs').clear(),
        transaction.objectStore('meta').put(manifest(journal, { packs: [] }), 'packed'),
      ],
      'Merged packs could not be removed',
    );
    journal.packs = [];
    journal.rows.ordered = without(journal.rows.ordered, new Set<Sheet>(packs.map(({ sheet }) => sheet)));
  }

  const run = (work: (journal: Journal) => Promise<void>): Promise<void> => {
    const mine = running.then(async () => {
      try {
        await work(options.journal());
        patience = 1;
      } catch (error) {
        const trouble = toStorageError(error, 'What is stored could not be packed');
        if (trouble.code !== 'disk_full') options.onTrouble(trouble);
        patience *= 2;
        throw trouble;
      }
    });
    running = mine.catch(() => undefined);
    return mine;
  };

  return {
    notice() {
      if (busy || stopped || connection.lost !== undefined || !isDue(options.journal())) return;
      busy = true;
      run(async (journal) => {
        await pack(journal);
        if (isMergeDue(journal)) await merge(journal);
      })
        // The next commits hear of trouble; a full disk is tried again.
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    },
    everything: () =>
      run(async (journal) => {
        await pack(journal);
        await merge(journal);
      }),
    async idle() {
      await running;
    },
    stop() {
      stopped = true;
    },
  };
}
