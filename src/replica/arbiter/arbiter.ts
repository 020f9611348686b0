import type { Hash } from '../../../schemas/index.ts';
import { currentTerm } from '../../fold/members/draft.ts';
import type { ClaimState, Epoch, Promised, TaskState, Term } from '../../fold/types.ts';
import type { Signer } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { type HeadRow, keys, type OperationRow } from '../commit/rows.ts';
import { type Reader, sure } from '../commit/transaction.ts';
import { stateOf } from '../ledger/state.ts';
import type { Writing } from '../writing/context.ts';
import { type Answer, answersTo } from './answers.ts';
import { holdsFrontier } from './frontier.ts';

/**
 * The arbiter at work: while the members log names this replica, it grants requests for tasks, and ends leases
 * that are over by its clock. It says nothing while nothing may be written here: a restored directory that
 * has met no peer; nor, after a forced move, before all is here that counts of those who were the arbiter before.
 */
export interface Arbiter {
  /** Who asks for a task, or holds it, changed. */
  notice(task: Hash): void;
  /** Says what there is to say of a task in the write that asks for it. */
  answer(work: Work, task: Hash): Promise<void>;
  /** The arbiter may be another one now. */
  look(): void;
  /** Resolves when nothing is left to say for now. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** A task that could not be answered, or may not be yet, is looked at again after this long, ms. */
const later = 1000;
/** Timers hold no longer time, ms. */
const longestTimer = 24 * 60 * 60 * 1000;

export const termOf = ({ membership }: Writing['reading']): Term | undefined =>
  currentTerm(membership.state.terms);

/** The epoch of what the arbiter writes next: its own chain counts. */
export async function nextEpoch(work: Work, term: Term, replica: Hash): Promise<Epoch> {
  const head = await sure<HeadRow>(work.draft, keys.head('tasks', replica));
  return { term: term.term, move: term.op, counter: (head?.seq ?? 0) + 1 };
}

/** What earlier arbiters gave out of a task when they handed over, and what is not here yet. */
function promisedOf({ membership }: Writing['reading'], reader: Pick<Reader, 'get'>, task: Hash): Promised[] {
  const isHere = (grant: Hash): boolean => {
    const row = reader.get<OperationRow>(keys.operation(grant));
    if (row?.state?.state !== 'rejected') return row !== undefined && row.state === undefined;
    // It counted where it was made, so it will here, once who asked for it is known; unless it was cut since.
    return row.state.reason === 'frontier';
  };
  return membership.state.terms.flatMap(({ promised }) =>
    promised.filter((one) => one.task === task && !isHere(one.grant)),
  );
}

export function createArbiter(options: {
  readonly writing: Writing;
  readonly signer: Pick<Signer, 'id'>;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
  /** Whether the session of a claim lives. */
  readonly lives: (task: Hash, claim: ClaimState) => boolean;
}): Arbiter {
  const { writing, signer, now, timer, lives } = options;
  const { reading, commits, ledger } = writing;
  /** When each task is to be looked at again. */
  const due = new Map<Hash, number>();
  const open = new Map<Hash, Promise<void>>();
  const again = new Set<Hash>();
  let stop: (() => void) | undefined;
  let next = Number.POSITIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let closed = false;
  /** The term for which everything that counts of earlier ones was found here. */
  let whole: Hash | undefined;

  const mine = (): Term | undefined => {
    const term = termOf(reading);
    return term?.arbiter === signer.id ? term : undefined;
  };

  const taskAt = (reader: Pick<Reader, 'get'>, id: Hash): TaskState | undefined => {
    const state = stateOf(reading, reader, id);
    return state?.kind === 'task' ? state : undefined;
  };

  function answersAt(reader: Pick<Reader, 'get'>, id: Hash): ReturnType<typeof answersTo> {
    const state = taskAt(reader, id);
    const term = mine();
    if (!state || !term) return { answers: [], again: undefined };
    if (whole !== term.op) {
      if (!holdsFrontier(reader, reading.membership.state)) return { answers: [], again: now() + later };
      whole = term.op;
    }
    return answersTo(state, now(), promisedOf(reading, reader, id), (claim) => lives(id, claim));
  }

  async function say(work: Work, task: Hash, answer: Answer): Promise<void> {
    const term = mine();
    if (!term) return;
    const epoch = await nextEpoch(work, term, signer.id);
    const about = { log: 'tasks', subject: task };
    if (answer.say === 'grant') {
      const { request, until } = answer;
      await ledger.append(work, { ...about, type: 'claim.grant', data: { request, epoch, until } });
    } else if (answer.say === 'renew') {
      const { claim, until } = answer;
      await ledger.append(work, { ...about, type: 'claim.renew', data: { claim, epoch, until } });
    } else {
      await ledger.append(work, { ...about, type: 'lease.expire', data: { lease: answer.claim, epoch } });
    }
  }

  async function answer(task: Hash): Promise<void> {
    // Most of what happens to a task asks for nothing.
    const seen = answersAt(reading.database, task);
    if (seen.answers.length === 0) {
      remember(task, seen.again);
      return;
    }
    writing.allowed();
    remember(task, await commits.write((work) => answerIn(work, task)));
  }

  /** Resolves with when the task is to be looked at again. */
  async function answerIn(work: Work, task: Hash): Promise<number | undefined> {
    await sure(work.draft, keys.state(task));
    const { answers, again: at } = answersAt(work.draft, task);
    for (const one of answers) await say(work, task, one);
    return at;
  }

  function remember(task: Hash, at: number | undefined): void {
    if (at === undefined) due.delete(task);
    else due.set(task, at);
    wind();
  }

  /** One timer, for the earliest. */
  function wind(): void {
    if (closed) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of due.values()) earliest = Math.min(earliest, at);
    if (earliest === next) return;
    stop?.();
    stop = undefined;
    next = earliest;
    if (earliest === Number.POSITIVE_INFINITY) return;
    stop = timer(
      () => {
        stop = undefined;
        next = Number.POSITIVE_INFINITY;
        const time = now();
        for (const [task, at] of [...due]) if (at <= time && due.delete(task)) arbiter.notice(task);
        wind();
      },
      Math.max(0, Math.min(longestTimer, earliest - now())),
    );
  }

  async function run(task: Hash): Promise<void> {
    do {
      again.delete(task);
      due.delete(task);
      try {
        await answer(task);
      } catch {
        // What the disk refused, or what may not be written yet, is looked at again.
        if (!closed) remember(task, now() + later);
      }
    } while (again.has(task) && !closed);
  }

  const arbiter: Arbiter = {
    notice(task) {
      if (closed || !mine()) return;
      if (open.has(task)) {
        again.add(task);
        return;
      }
      const running = run(task).finally(() => open.delete(task));
      open.set(task, running);
    },
    async answer(work, task) {
      // When to look again follows: what is written is noticed once it is durable.
      if (!closed && mine()) await answerIn(work, task);
    },
    look() {
      if (closed) return;
      if (!mine()) {
        due.clear();
        wind();
        return;
      }
      looking = (looking ?? Promise.resolve())
        .then(async () => {
          for (const [key] of await reading.database.under<number>('v/held/'))
            arbiter.notice(key.slice('v/held/'.length));
        })
        .catch(() => undefined);
    },
    async idle() {
      await looking;
      while (open.size > 0) await Promise.all(open.values());
    },
    async close() {
      closed = true;
      stop?.();
      await looking;
      await Promise.all(open.values());
    },
  };
  return arbiter;
}
