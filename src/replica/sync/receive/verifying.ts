import type { Hash } from '../../../../schemas/index.ts';
import type { Commits, Work } from '../../commit/commits.ts';
import type { Database } from '../../commit/database.ts';
import { entryOf, keys, type OperationRow } from '../../commit/rows.ts';
import { checkSignatures } from '../../ledger/judging.ts';
import { type AbsorbContext, subjectOf } from '../../ledger/state.ts';
import { refold } from '../../ledger/subjects/subjects.ts';
import { beginTurn, changeRow, stateIn } from '../../ledger/turn.ts';
import { signedTwin } from '../../ledger/twins.ts';

/** Looks at signatures that a bulk load passed over, since their headers were proven by what follows them. */
export interface Verifying {
  /** Some are due. */
  notice(): void;
  /** Looks at all of them now. */
  now(): Promise<void>;
  close(): Promise<void>;
}

/** It begins when nothing came for this long, ms: in the middle of a load it would take its time from it. */
const quiet = 5000;
/** Signatures that are checked at a time: the thread pool is the disk's as well. */
const atOnce = 64;

/** Noted with the operations themselves: the views may be made anew meanwhile. */
export const verifyKey = (id: string): string => `verify/${id}`;

const forged = { reason: 'signature' as const, message: 'its signature does not hold' };

export function createVerifying(options: {
  readonly context: AbsorbContext;
  readonly commits: Commits;
  readonly database: Database;
  readonly timer: (task: () => void, ms: number) => () => void;
}): Verifying {
  const { context, commits, database, timer } = options;
  let stop: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let closed = false;

  async function failing(hashes: readonly Hash[]): Promise<Hash[]> {
    const found: Hash[] = [];
    for (let at = 0; at < hashes.length && !closed; at += atOnce) {
      const part = hashes.slice(at, at + atOnce);
      const rows = await database.getMany<OperationRow>(part.map(keys.operation));
      const signed = await Promise.all(rows.map((row) => row && checkSignatures(context, entryOf(row))));
      found.push(...part.filter((_, i) => signed[i] === 'fails'));
    }
    return found;
  }

  /** Who signed what follows vouched for the header, and yet this entry is none that others take. */
  async function reject(work: Work, hash: Hash): Promise<void> {
    const { draft } = work;
    const row = draft.get<OperationRow>(keys.operation(hash));
    // Another entry may have taken its place meanwhile.
    if (!row || row.flaw || (await checkSignatures(context, entryOf(row))) !== 'fails') return;
    if (await signedTwin(context, work, hash, row)) return;
    const was = stateIn(row);
    const flawed = (await changeRow(work, hash, { flaw: forged })) ?? row;
    const op = { hash, header: row.header, body: row.body };
    const turn = beginTurn(context, work, op);
    await refold(turn, subjectOf(hash, row.header));
    await turn.settle(op, flawed, { state: 'rejected', ...forged }, was);
    turn.finish();
    // It has a number in its chain still: the views are made anew at the next opening.
    draft.put(keys.meta('views'), 0);
  }

  async function run(): Promise<void> {
    for (const [key, hashes] of await database.under<readonly Hash[]>('verify/')) {
      const bad = await failing(hashes);
      if (closed) return;
      await commits.write(async (work) => {
        for (const hash of bad) await reject(work, hash);
        work.draft.remove(key);
      });
    }
  }

  const verifying: Verifying = {
    notice() {
      stop?.();
      stop = timer(() => {
        stop = undefined;
        // What the disk refused is due still.
        verifying.now().catch(() => undefined);
      }, quiet);
    },
    async now() {
      while (running) await running;
      running = run().finally(() => {
        running = undefined;
      });
      await running;
    },
    async close() {
      closed = true;
      stop?.();
      stop = undefined;
      await running?.catch(() => undefined);
    },
  };
  return verifying;
}
