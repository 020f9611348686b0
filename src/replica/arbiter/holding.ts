import type { Hash } from '../../../schemas/index.ts';
import type { Signer } from '../../op/index.ts';
import type { Work } from '../commit/commits.ts';
import { isKept } from '../presence/attending.ts';
import type { PresenceStore } from '../presence/store.ts';
import type { Writing } from '../writing/context.ts';
import { type Arbiter, createArbiter } from './arbiter.ts';
import { createWatch, type Watch } from './watch.ts';

type Timer = (task: () => void, ms: number) => () => void;

/** What follows when who holds a task changes: those who wait are told, and the arbiter answers, if it is this one. */
export interface Holding {
  readonly watch: Watch;
  readonly onHeld: (task: Hash) => void;
  readonly onArbiter: () => void;
  /** Where this replica is the arbiter: it answers in the write that asks. */
  readonly answer: (work: Work, task: Hash) => Promise<void>;
  /** From now on the arbiter of this replica is at work. */
  begin(options: {
    readonly writing: Writing;
    readonly signer: Pick<Signer, 'id'>;
    readonly now: () => number;
    /** Who is present: leases of sessions that live do not end. */
    readonly presence: PresenceStore;
  }): void;
  close(): Promise<void>;
}

export function createHolding(timer: Timer): Holding {
  const watch = createWatch(timer);
  let arbiter: Arbiter | undefined;
  return {
    watch,
    onHeld(task) {
      watch.changed(task);
      arbiter?.notice(task);
    },
    onArbiter: () => arbiter?.look(),
    answer: async (work, task) => arbiter?.answer(work, task),
    begin(options) {
      arbiter = createArbiter({
        ...options,
        timer,
        lives: (task, claim) => isKept(options.presence, task, claim),
      });
      arbiter.look();
    },
    close: async () => arbiter?.close(),
  };
}
