import type { ReservationState } from '../../fold/types.ts';
import { keys } from '../commit/rows.ts';
import type { Arriving, ViewContext } from './context.ts';
import { naturalOrder } from './order.ts';

/** True while no operation ended it; whether its time is over is for a clock to say. */
export const isOpen = ({ releases, leases }: ReservationState): boolean =>
  releases.length === 0 && leases.length > 0;

const leaseKey = (state: ReservationState | undefined): string | undefined =>
  state && isOpen(state) ? keys.lease(state.until, state.id) : undefined;

/** A reservation appears or changes: the list of all, and by its deadline while it is open. */
export function placeReservation(
  { draft }: ViewContext,
  creation: Arriving,
  before: ReservationState | undefined,
  after: ReservationState,
): void {
  if (!before) draft.put(keys.reservation(naturalOrder(creation.hash, creation.header)), after.id);
  const [old, now] = [leaseKey(before), leaseKey(after)];
  if (old === now) return;
  if (old !== undefined) draft.remove(old);
  if (now !== undefined) draft.put(now, after.created.by);
}

export function removeReservation({ draft }: ViewContext, creation: Arriving, state: ReservationState): void {
  draft.remove(keys.reservation(naturalOrder(creation.hash, creation.header)));
  const key = leaseKey(state);
  if (key !== undefined) draft.remove(key);
}
