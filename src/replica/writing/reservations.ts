import {
  CoterieError,
  type Hash,
  limits,
  type ReservationRenew,
  type Reserve,
} from '../../../schemas/index.ts';
import type { ReservationState } from '../../fold/types.ts';
import { glob, isGlob } from '../../globs/index.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import { operation, thing } from '../reading/context.ts';
import { findTask } from '../reading/names.ts';
import { type Actor, once, queuedState, type Writing } from './context.ts';

type Key = string | undefined;

/** How long a reservation is held when nobody says, ms. */
const usual = 30 * 60 * 1000;
/** Expiries that one write takes along. */
const swept = 20;

/** Each once. Throws `invalid` for one that is no glob, with the column. */
function globsIn(texts: readonly string[]): string[] {
  for (const [i, text] of texts.entries()) {
    const made = glob(text);
    if (!isGlob(made))
      throw new CoterieError('invalid', `globs.${i}: ${text}, column ${made.column}: ${made.message}`, {
        hint: 'A glob has *, **, ?, [a-z], [!a-z] and {a,b}, as in src/**/*.{ts,tsx}.',
      });
  }
  return [...new Set(texts)];
}

/** Reservations by their deadlines, as they will be: those that no operation ended. */
async function open(writing: Writing, work: Work, from: number, to: number): Promise<ReservationState[]> {
  const rows = await work.draft.list<Hash>({ gte: keys.lease(from, ''), lt: keys.lease(to, '') });
  return rows.flatMap(([key]) => {
    const state = stateOf(writing.reading, work.draft, key.slice(key.lastIndexOf('/') + 1));
    return state?.kind === 'reservation' ? [state] : [];
  });
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one));

const forEver = Number.MAX_SAFE_INTEGER;

/** Reserves paths for oneself, or renews what one holds of just the same. */
export async function reserve(writing: Writing, actor: Actor, input: Reserve, key: Key): Promise<Hash> {
  const globs = globsIn(input.globs);
  const task = input.task === undefined ? undefined : (await findTask(writing.reading, input.task)).id;
  const hash = await once(writing, { actor, key, input: { reserve: input } }, async (work, keyHash) => {
    const now = writing.reading.now();
    const until = now + (input.ttl ?? usual);
    const mine = (await open(writing, work, now + 1, forEver)).find(
      (state) =>
        state.created.by === actor.id &&
        state.task === task &&
        same(state.globs, globs) &&
        isReason(work, state, input.reason),
    );
    const made = await writing.ledger.append(work, {
      log: 'reservations',
      ...(mine ? { type: 'reservation.renew', subject: mine.id } : { type: 'reservation.create' }),
      member: actor.id,
      data: mine
        ? { until }
        : {
            globs,
            until,
            incarnation: input.incarnation ?? writing.incarnation,
            ...(task === undefined ? {} : { task }),
          },
      ...(mine ? {} : { body: { reason: input.reason } }),
      key: keyHash,
    });
    await sweep(writing, work, now);
    return made;
  });
  return operation(writing.reading, hash)?.header.subject || hash;
}

/** Whether a reservation gives this reason; without one any will do. */
const isReason = (work: Work, { id }: ReservationState, reason: string | undefined): boolean =>
  reason === undefined || work.draft.get<OperationRow>(keys.operation(id))?.body?.['reason'] === reason;

/**
 * Makes facts of deadlines that are long over, so that what nobody releases does not pile up. Clocks differ: what is
 * over for a few minutes only is left, for its holder may have renewed it elsewhere.
 */
async function sweep(writing: Writing, work: Work, now: number): Promise<void> {
  const over = await open(writing, work, 0, Math.max(0, now - limits.skew));
  for (const { id } of over.slice(0, swept))
    await writing.ledger.append(work, {
      log: 'reservations',
      type: 'lease.expire',
      subject: id,
      data: { lease: id },
    });
}

const reserveAgain = { hint: 'Reserve the globs again.', legal: ['reserve'] };

export async function renewReservation(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: ReservationRenew,
  key: Key,
): Promise<Hash> {
  const { id } = thing(writing.reading, ref, 'reservation');
  await once(writing, { actor, key, input: { renew: id, input } }, async (work, keyHash) => {
    const { releases, leases, created } = await queuedState(writing, work, id, 'reservation');
    if (created.by === actor.id && releases.length > 0)
      throw new CoterieError('not_held', 'The reservation was released.', reserveAgain);
    if (created.by === actor.id && leases.length === 0)
      throw new CoterieError('not_held', 'The time of the reservation is over.', reserveAgain);
    return writing.ledger.append(work, {
      log: 'reservations',
      type: 'reservation.renew',
      subject: id,
      member: actor.id,
      data: { until: writing.reading.now() + (input.ttl ?? usual) },
      key: keyHash,
    });
  });
  return id;
}

/** Gives paths back; what is over already is left alone. */
export async function releaseReservation(
  writing: Writing,
  actor: Actor,
  ref: string,
  key: Key,
): Promise<Hash> {
  const { id } = thing(writing.reading, ref, 'reservation');
  await once(writing, { actor, key, input: { unreserve: id } }, async (work, keyHash) => {
    const { releases, leases } = await queuedState(writing, work, id, 'reservation');
    if (releases.length > 0 || leases.length === 0) return id;
    return writing.ledger.append(work, {
      log: 'reservations',
      type: 'reservation.release',
      subject: id,
      member: actor.id,
      data: {},
      key: keyHash,
    });
  });
  return id;
}
