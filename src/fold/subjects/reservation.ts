import { listOf, numberOf, textOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { stampTime } from '../order.ts';
import { type Applied, apply, applyAny, begun, isAdmin, isAuthor, refuse, speaker } from '../shared.ts';
import type { Deadline, Ended, Op, Past, ReservationState } from '../types.ts';

type State = ReservationState;

const leases = 'leases';
const releases = 'releases';

export const reservationFold: SubjectFold<State> = {
  kind: 'reservation',
  creation: 'reservation.create',

  create(op, past) {
    const { data } = op.header;
    const lease = leaseOf(op);
    const task = textOf(data, 'task');
    past?.changed(leases, [], lease);
    return {
      ...begun(op),
      kind: 'reservation',
      globs: listOf(data, 'globs'),
      incarnation: textOf(data, 'incarnation') ?? '',
      ...(task === undefined ? {} : { task }),
      leases: [lease],
      until: lease.until,
      releases: [],
    };
  },

  apply(state, op, past) {
    switch (op.header.type) {
      case 'reservation.renew':
        return renew(state, op, past);
      case 'reservation.release':
        return release(state, op, past);
      case 'lease.expire':
        return expire(state, op, past);
      default:
        return applyAny(state, op);
    }
  },
};

const leaseOf = (op: Op): Deadline => ({ op: op.hash, until: numberOf(op.header.data, 'until') ?? 0 });
const endedBy = ({ hash, header }: Op): Ended => ({
  op: hash,
  by: speaker(header),
  stamp: header.stamp,
});

const latestFirst = (a: Deadline, b: Deadline): number => b.until - a.until || (a.op < b.op ? -1 : 1);

/** With these deadlines left; `ended` is what an expiry says of one without any. */
function withLeases(state: State, left: readonly Deadline[], ended?: Ended): State {
  const { expired: before, ...rest } = state;
  const sorted = [...left].sort(latestFirst);
  const expired = sorted.length > 0 ? undefined : (before ?? ended);
  return {
    ...rest,
    leases: sorted,
    until: sorted[0]?.until ?? state.until,
    ...(expired === undefined ? {} : { expired }),
  };
}

const without = (all: readonly Deadline[], ended: readonly Deadline[]): Deadline[] =>
  all.filter(({ op }) => !ended.some((other) => other.op === op));

/** Replaces the deadlines that it saw. One that saw the end of it comes too late. */
function renew(state: State, op: Op, past: Past): Applied<State> {
  if (!isAuthor(state, op)) return refuse(state, 'permission', 'only its holder renews a reservation');
  const seen = past.shows(leases, state.leases);
  if (past.shows(releases, state.releases).length > 0)
    return refuse(state, 'illegal_move', 'it was released');
  if (seen.length === 0) return refuse(state, 'illegal_move', 'its time is over');
  const lease = leaseOf(op);
  past.changed(leases, seen, lease);
  return apply(withLeases(state, [...without(state.leases, seen), lease]));
}

/** Final, also beside a renewal that was made apart. One that saw a release adds nothing. */
function release(state: State, op: Op, past: Past): Applied<State> {
  if (!isAuthor(state, op) && !isAdmin(op))
    return refuse(state, 'permission', 'only its holder or an admin releases a reservation');
  if (past.shows(releases, state.releases).length > 0) return apply(state);
  const ended = endedBy(op);
  past.changed(releases, [], ended);
  return apply({ ...state, releases: [...state.releases, ended] });
}

/** Ends the deadlines that it saw, all of which were over by its own stamp; renewals made apart stay. */
function expire(state: State, op: Op, past: Past): Applied<State> {
  if (textOf(op.header.data, 'lease') !== state.id)
    return refuse(state, 'not_found', 'it names another lease');
  const seen = past.shows(leases, state.leases);
  if (seen.some(({ until }) => until > stampTime(op.header.stamp)))
    return refuse(state, 'illegal_move', 'its time is not over yet');
  past.changed(leases, seen);
  return apply(withLeases(state, without(state.leases, seen), endedBy(op)));
}
