import type { z } from 'zod';
import { CoterieError, type Hash, legalMoves, type TaskMove } from '../../../schemas/index.ts';
import type { TaskState } from '../../fold/types.ts';
import type { Work } from '../commit/commits.ts';
import { stateOf } from '../ledger/state.ts';
import { mustBe } from '../machines/roles.ts';
import { legalFor } from '../reading/flow.ts';
import { findTask } from '../reading/names.ts';
import { blockersOf, shownStatus } from '../views/flow.ts';
import { type Actor, once, onTask, queuedState, type Writing } from './context.ts';
import { linkIn } from './links.ts';

type Moving = z.infer<typeof TaskMove>;

/** Moves a task: with what shows that it is done, or with what it waits for, in one write. */
export async function moveTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: Moving,
  key: string | undefined,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  const { on: named, ...asked } = input;
  if (named !== undefined && input.to !== 'blocked')
    throw new CoterieError('invalid', 'on: only a blocked task waits for others');
  const waits = await Promise.all(
    (named ?? []).map(async (one) => (await findTask(writing.reading, one)).id),
  );
  const on = named === undefined ? {} : { on: waits };
  await once(
    writing,
    { actor, key, input: { move: id, input: { ...asked, ...on } } },
    async (work, keyHash) => {
      const state = await queuedState(writing, work, id, 'task');
      refuseMove(writing, work, actor, state, input);
      if (isThere(work, state, input)) return id;
      let first = keyHash;
      let { base } = input;
      if (input.evidence) {
        const evidence = await onTask(writing, work, actor, id, {
          type: 'task.update',
          data: { addEvidence: input.evidence },
          key: first,
          base,
        });
        first = undefined;
        base = base && [...base, evidence];
      }
      for (const blocker of waits) {
        const known = await queuedState(writing, work, blocker, 'task');
        if (known.links.some(({ kind, to }) => kind === 'blocks' && to === id)) continue;
        await linkIn(writing, work, actor, blocker, { kind: 'blocks', to: id }, first);
        first = undefined;
      }
      return move(writing, work, actor, state, { ...input, base }, first);
    },
  );
  return id;
}

/** The task is where it is to go, and nothing more is said of it: nothing is written. */
const isThere = (work: Work, state: TaskState, { to, reason, evidence, on, base, force }: Moving): boolean =>
  shownStatus(work.draft, state) === to &&
  !force &&
  ![reason, evidence, on, base].some((one) => one !== undefined);

/** What stands against a move beyond what the fold looks at: whether a task is blocked still, the link graph knows. */
function refuseMove(writing: Writing, work: Work, actor: Actor, state: TaskState, input: Moving): void {
  if (input.force) {
    mustBe(writing, actor, 'admin', 'makes a move that is not legal');
    if (input.reason === undefined)
      throw new CoterieError('invalid', 'reason: a move by force says why', { hint: 'Add a reason.' });
    return;
  }
  const from = shownStatus(work.draft, state);
  const { to, base } = input;
  if (state.status[0]?.on === undefined || base !== undefined || from === to) return;
  if (!legalMoves[from].includes(to))
    throw new CoterieError('illegal_move', `A task that is ${from} can't become ${to}.`, {
      legal: legalFor(writing.reading, state, from, actor.id),
    });
}

/** The move itself. A blocked task says why, or what it waits for: what blocks it, if nothing is named. */
export async function move(
  writing: Writing,
  work: Work,
  actor: Actor,
  state: TaskState,
  { to, reason, force, base }: Pick<Moving, 'to' | 'reason' | 'force' | 'base'>,
  key: Hash | undefined,
): Promise<Hash> {
  const { reading } = writing;
  const blockers =
    to === 'blocked' ? await blockersOf(work.draft, (id) => stateOf(reading, work.draft, id), state.id) : [];
  const from = shownStatus(work.draft, state);
  const isLegal = from === to || legalMoves[from].includes(to);
  if (to === 'blocked' && isLegal && blockers.length === 0 && reason === undefined)
    throw new CoterieError('invalid', 'reason: a blocked task says why', {
      hint: 'Add a reason, or name the tasks that it waits for.',
    });
  return onTask(writing, work, actor, state.id, {
    type: 'task.move',
    data: {
      to,
      from,
      ...(force ? { force } : {}),
      ...(blockers.length > 0 ? { on: blockers.slice(0, 50).map(({ id }) => id) } : {}),
    },
    body: { reason },
    key,
    base,
  });
}
