import type { Hash, OperationState } from '../../../schemas/index.ts';
import type { Verdict } from '../../fold/types.ts';
import type { Breathing } from '../commit/breathing.ts';
import type { Commits, Work } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { type HeadRow, keys, type OperationRow } from '../commit/rows.ts';
import { operationsOf } from './chain.ts';
import { judgementOf } from './judging.ts';
import { release } from './release.ts';
import { type AbsorbContext, subjectOf } from './state.ts';
import { kindOf, refold } from './subjects/subjects.ts';
import { beginTurn } from './turn.ts';

/** What follows from a write and is too much for it: judged again or released in following writes, and at the next opening. */
export interface Duties {
  /** Looks whether something is due. */
  notice(): void;
  /** Resolves when nothing is due. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Operations that one write judges. */
const chunk = 128;

export function createDuties(options: {
  readonly context: AbsorbContext;
  readonly commits: Commits;
  readonly database: Database;
  readonly breathing: Breathing;
}): Duties {
  const { context, commits, database, breathing } = options;
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;

  /** Judges operations again that wait for nothing. */
  async function rejudge(work: Work, hashes: readonly Hash[]): Promise<void> {
    const seen = new Set<Hash>();
    for (const hash of hashes) {
      await breathing.pause();
      const row = work.draft.get<OperationRow>(keys.operation(hash));
      if (!row || row.flaw || row.state?.state === 'waiting' || row.header.log === 'members') continue;
      const { header } = row;
      const subject = subjectOf(hash, header);
      if (seen.has(subject)) continue;
      const { verdict } = judgementOf(context, work.draft, hash, header);
      // A thing with nothing but its creation folds as membership says.
      if (header.subject === '' && kindOf(header.type) !== undefined && !differs(row.state, verdict))
        continue;
      seen.add(subject);
      const turn = beginTurn(context, work, { hash, header, body: row.body });
      await refold(turn, subject);
      turn.finish();
    }
  }

  async function inChunks(hashes: readonly Hash[]): Promise<void> {
    for (let at = 0; at < hashes.length && !closed; at += chunk)
      await commits.write((work) => rejudge(work, hashes.slice(at, at + chunk)));
  }

  /** Operations of a replica in all logs, or all that membership keeps from counting. */
  async function concerned(what: string): Promise<Hash[]> {
    if (what === 'rejected') {
      const rows = await database.under<string>('v/rejected/');
      return rows.filter(([, reason]) => isBarred(reason)).map(([key]) => key.slice('v/rejected/'.length));
    }
    const hashes: Hash[] = [];
    for (const [key] of await database.under<HeadRow>('v/head/')) {
      const [, , log = '', replica = ''] = key.split('/');
      if (replica !== what || log === 'members') continue;
      for (const hash of await operationsOf(database, log, replica)) hashes.push(hash);
    }
    return hashes;
  }

  async function perform(key: string, value: unknown): Promise<void> {
    const [, , kind = '', ...rest] = key.split('/');
    const what = rest.join('/');
    if (kind === 'judge') await inChunks(await concerned(what));
    await commits.write(async (work) => {
      // What was asked for again meanwhile stays due.
      if (work.draft.get(key) !== value) return;
      work.draft.remove(key);
      if (kind === 'release') await release(context, work, [what], breathing.pause);
    });
  }

  async function run(): Promise<void> {
    do {
      again = false;
      for (const [key, value] of await database.under<unknown>('v/duty/')) {
        if (closed) return;
        await perform(key, value);
      }
    } while (again && !closed);
  }

  return {
    notice() {
      again = true;
      if (closed) return;
      // What the disk refused is due still: the next notice, or the next opening, sees to it.
      running ??= run()
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
        });
    },
    async idle() {
      while (running) await running;
    },
    async close() {
      closed = true;
      while (running) await running;
    },
  };
}

/** Whether what membership says now is another thing than what the row says. */
function differs(state: OperationState | undefined, verdict: Verdict | undefined): boolean {
  if (verdict?.state !== 'rejected') return state?.state === 'rejected' && isBarred(state.reason);
  return state?.state !== 'rejected' || state.reason !== verdict.reason || state.message !== verdict.message;
}

const isBarred = (reason: string): boolean => reason === 'permission' || reason === 'frontier';
