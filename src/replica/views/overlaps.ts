import type { Hash } from '../../../schemas/index.ts';
import { stampTime } from '../../fold/order.ts';
import type { ReservationState } from '../../fold/types.ts';
import { glob, isGlob, overlap } from '../../globs/index.ts';
import { keys, type OperationRow, under } from '../commit/rows.ts';
import type { ViewContext } from './context.ts';
import { isOpen } from './reservations.ts';

/** Steps that comparing two globs may take: what is not found by then is not told. The same on every replica. */
const mostSteps = 20_000;

/** What a glob begins with, whatever it matches. */
const literal = (text: string): string => /^[^*?[{\\!]*/.exec(text)?.[0] ?? '';

/** Most have nothing in common from their first name on. */
function mayMeet(a: string, b: string): boolean {
  const [one, two] = [literal(a), literal(b)];
  return one.startsWith(two) || two.startsWith(one);
}

function meet(a: string, b: string): boolean {
  if (!mayMeet(a, b)) return false;
  const [one, two] = [glob(a), glob(b)];
  return isGlob(one) && isGlob(two) && typeof overlap(one, two, { left: mostSteps }) === 'object';
}

const start = ({ created }: ReservationState): number => stampTime(created.stamp);

/**
 * Reservations of different members with paths in common, while both stand and their times meet, as they were said: who
 * was first is told, and who came later where that was on another replica, which perhaps did not know.
 */
export async function followOverlaps(
  view: ViewContext,
  state: ReservationState,
  there = true,
): Promise<void> {
  const { draft } = view;
  const range = { gte: keys.lease(start(state), ''), lt: under('v/lease/').lt };
  for (const [key, by] of await draft.list<Hash>(range)) {
    if (by === state.created.by) continue;
    const other = view.state(key.slice(key.lastIndexOf('/') + 1));
    if (other?.kind !== 'reservation') continue;
    if (!state.globs.some((a) => other.globs.some((b) => meet(a, b)))) continue;
    const [first, second] = [state, other].sort((a, b) =>
      `${a.created.stamp} ${a.id}` < `${b.created.stamp} ${b.id}` ? -1 : 1,
    ) as [ReservationState, ReservationState];
    const [one, two] = [first, second].map(
      ({ id }) => draft.get<OperationRow>(keys.operation(id))?.header.replica,
    );
    const stand = there && [state, other].every(isOpen) && start(second) < first.until;
    const members = one === two ? [first.created.by] : [first.created.by, second.created.by];
    const about = { operations: [first.id, second.id], subject: second.id, log: 'reservations' };
    view.follows(`overlap/${first.id}/${second.id}`, stand ? [{ kind: 'overlap', members, ...about }] : []);
  }
}
