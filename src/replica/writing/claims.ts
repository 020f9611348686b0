import type { z } from 'zod';
import { CoterieError, type Hash, type TaskClaim, type TaskRenew } from '../../../schemas/index.ts';
import type { ClaimState, TaskState } from '../../fold/types.ts';
import { leaseFrom } from '../arbiter/answers.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { operationsOn } from '../ledger/subjects/subjects.ts';
import { mustBe } from '../machines/roles.ts';
import { thing } from '../reading/context.ts';
import { findTask } from '../reading/names.ts';
import type { WaitOptions } from '../surface.ts';
import { shownStatus } from '../views/flow.ts';
import { statusOf } from '../views/tasks.ts';
import { closed, held, isOver, lost, notGranted } from './claim-errors.ts';
import { type Actor, once, onTask, queuedState, type Writing } from './context.ts';

type Key = string | undefined;
type Claiming = z.infer<typeof TaskClaim>;

/** How long a verb waits for the arbiter when it is not told, ms. */
const patience = 5000;

const mineIn = (state: TaskState, actor: Actor): ClaimState | undefined =>
  state.claims.find(({ by }) => by === actor.id);

/** What stands against a claim, as things are here. */
function refuseClaim(writing: Writing, actor: Actor, state: TaskState, input: Claiming): void {
  const status = statusOf(state);
  const [holder] = state.claims;
  if (isOver(status)) throw closed(writing, actor, state);
  if (input.force) {
    mustBe(writing, actor, 'admin', 'takes a task from who holds it');
    if (input.reason === undefined)
      throw new CoterieError('invalid', 'reason: a claim by force says why', { hint: 'Add a reason.' });
    return;
  }
  // Whether a lease that seems to be over is over, the arbiter says.
  const over = input.need === 'granted' && holder?.until !== undefined && holder.until <= writing.now();
  if (holder && holder.by !== actor.id && input.base === undefined && !over) throw held(writing, holder.by);
}

/** True where the member has what it asks for. A session that does not say which it is goes on with what is there. */
function hasIt(actor: Actor, { claims: [holder] }: TaskState, input: Claiming, now: number): boolean {
  if (holder?.by !== actor.id) return false;
  if (input.need === 'granted' && holder.grant === undefined) return false;
  if (input.ttl !== undefined && !isSuch(holder, input.ttl, now)) return false;
  return input.incarnation === undefined || input.incarnation === holder.incarnation;
}

/** Whether a lease ends as one of this time would, or less than half of it sooner: that much is not written again. */
const isSuch = ({ until }: ClaimState, ttl: number, now: number): boolean =>
  until !== undefined && until - now <= ttl && until - now > ttl / 2;

/** Which session a claim is of: of several of one member, the one that says so, or goes on with what is there. */
const sessionOf = (
  writing: Writing,
  actor: Actor,
  { claims: [holder] }: TaskState,
  input: Claiming,
): string => input.incarnation ?? (holder?.by === actor.id ? holder.incarnation : writing.incarnation);

/** What is asked for. A session that takes over what its predecessor was granted needs a grant as well. */
const needOf = (actor: Actor, { claims: [holder] }: TaskState, input: Claiming): 'tentative' | 'granted' =>
  input.need ?? (holder?.by === actor.id && holder.grant ? 'granted' : 'tentative');

async function begin(writing: Writing, work: Work, actor: Actor, id: Hash, state: TaskState): Promise<void> {
  if (shownStatus(work.draft, state) !== 'todo') return;
  await onTask(writing, work, actor, id, {
    type: 'task.move',
    data: { to: 'doing', from: 'todo' },
  });
}

/**
 * Claims for oneself; a todo task begins. What the member has already is answered as it is. A claim that needs a grant
 * waits for the arbiter; on a timeout nothing is left of it, and the answer is `not_certain`.
 */
export async function claimTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: Claiming,
  { key, signal }: WaitOptions = {},
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  signal?.throwIfAborted();
  // How long one waits is none of what one asks for: a repeat may wait longer.
  const { timeout: wait = patience, ...asking } = input;
  let asked = false;
  const request = await once(
    writing,
    { actor, key, input: { claim: id, input: asking } },
    async (work, keyHash) => {
      const state = await queuedState(writing, work, id, 'task');
      refuseClaim(writing, actor, state, input);
      if (hasIt(actor, state, input, writing.now())) return id;
      const need = needOf(actor, state, input);
      const { ttl, force } = input;
      const claim = await onTask(writing, work, actor, id, {
        type: 'claim.request',
        data: {
          need,
          incarnation: sessionOf(writing, actor, state, input),
          ...(ttl === undefined ? {} : { ttl }),
          ...(need === 'granted' ? { until: writing.now() + wait } : {}),
          ...(force ? { force } : {}),
        },
        body: { reason: input.reason },
        key: keyHash,
        base: input.base,
      });
      if (need === 'tentative') await begin(writing, work, actor, id, state);
      else await grantedAtOnce(writing, work, actor, id, claim);
      asked = true;
      return claim;
    },
  );
  try {
    if (request !== id && needIn(writing, request) === 'granted')
      await granted(writing, actor, id, request, wait, input.force === true, signal);
    signal?.throwIfAborted();
  } catch (error) {
    // What an earlier call under the same key came by is not this one's to give back.
    if (signal?.aborted && asked) await undo(writing, actor, id, request);
    throw error;
  }
  return id;
}

/** Leaves nothing of a request: withdraws it, or gives back what was granted meanwhile. */
async function undo(writing: Writing, actor: Actor, id: Hash, request: Hash): Promise<void> {
  await writing.commits.write(async (work) => {
    const state = await queuedState(writing, work, id, 'task');
    if (state.claims.some(({ op }) => op === request))
      await giveBack(writing, work, actor, id, state, { claim: request });
    else if (state.requests.some(({ op }) => op === request))
      await onTask(writing, work, actor, id, { type: 'claim.withdraw', data: { request } });
  });
}

/** Where the arbiter is this replica, asking, granting and beginning are one write. */
async function grantedAtOnce(
  writing: Writing,
  work: Work,
  actor: Actor,
  id: Hash,
  claim: Hash,
): Promise<void> {
  await writing.answer(work, id);
  const state = await queuedState(writing, work, id, 'task');
  if (state.claims.some(({ op }) => op === claim)) await begin(writing, work, actor, id, state);
}

const needIn = ({ reading: { database } }: Writing, request: Hash): unknown =>
  database.get<OperationRow>(keys.operation(request))?.header.data['need'];

/** What became of a request: undefined while nobody knows. */
function outcome(
  state: TaskState,
  request: Hash,
  force: boolean,
  now: number,
): 'granted' | 'over' | ClaimState | undefined {
  const open = state.requests.find(({ op }) => op === request);
  if (open === undefined) return 'over';
  if (state.claims.some(({ op }) => op === request)) return 'granted';
  const [holder] = state.claims;
  if (force || !holder?.grant || holder.by === open.by) return undefined;
  return holder.until !== undefined && holder.until <= now ? undefined : holder;
}

/** Waits until a request is granted. Rejects with `held` where somebody else was quicker, else with `not_certain`. */
async function granted(
  writing: Writing,
  actor: Actor,
  id: Hash,
  request: Hash,
  wait: number,
  force: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { commits, reading, watch, closing } = writing;
  const end = writing.now() + wait;
  const stop = signal ? AbortSignal.any([signal, closing]) : closing;
  const look = () => outcome(thing(reading, id, 'task'), request, force, writing.now());
  let now = look();
  while (now === undefined && writing.now() < end) {
    await watch.next(id, end - writing.now(), stop);
    writing.allowed();
    signal?.throwIfAborted();
    now = look();
  }
  if (now === 'granted' && shownStatus(reading.database, thing(reading, id, 'task')) !== 'todo') return;
  if (now === 'over' && (await wasHeld(writing, actor, id, request))) return;
  // A claim that is not there is there no later either: whatever is granted apart from this is void.
  const last = await commits.write(async (work) => {
    const state = await queuedState(writing, work, id, 'task');
    const is = outcome(state, request, force, writing.now());
    if (is === 'granted') await begin(writing, work, actor, id, state);
    else if (is !== 'over')
      await onTask(writing, work, actor, id, {
        type: 'claim.withdraw',
        data: { request },
      });
    return is;
  });
  if (last === 'granted') return;
  const left = thing(reading, id, 'task');
  const holder = last === 'over' ? left.claims[0] : last;
  if (holder && holder.by !== actor.id) throw held(writing, holder.by);
  if (isOver(statusOf(left))) throw closed(writing, actor, left);
  throw notGranted(writing, wait);
}

/**
 * A request that is over was answered by a grant: it is a repeat of a claim that is over since, or another request of its
 * session was granted. One that was withdrawn was not, nor one that does not count or that the end of the task ended.
 */
async function wasHeld({ reading }: Writing, actor: Actor, id: Hash, request: Hash): Promise<boolean> {
  const { database } = reading;
  let isGranted = false;
  for (const hash of await operationsOn(database, id)) {
    const row = database.get<OperationRow>(keys.operation(hash));
    if (!row || row.state !== undefined || row.header.data['request'] !== request) continue;
    if (row.header.type === 'claim.withdraw') return false;
    if (row.header.type === 'claim.grant') isGranted = true;
  }
  const [holder] = thing(reading, id, 'task').claims;
  return isGranted || (holder?.grant !== undefined && holder.by === actor.id);
}

function mineOrError(writing: Writing, actor: Actor, state: TaskState): ClaimState {
  const mine = mineIn(state, actor);
  if (!mine) throw lost(writing, actor, state);
  return mine;
}

/**
 * A longer lease. While more than half of it is left nothing is written. Of a granted claim the arbiter says so, and
 * the verb waits for that; on a timeout, `not_certain`, the lease ends when it would have.
 */
export async function renewTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: z.infer<typeof TaskRenew>,
  key: Key,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  const { timeout: wait = patience, ...asking } = input;
  const asked = await once(
    writing,
    { actor, key, input: { renew: id, input: asking } },
    async (work, keyHash) => {
      const state = await queuedState(writing, work, id, 'task');
      const mine = mineOrError(writing, actor, state);
      const now = writing.now();
      const until = leaseFrom(now, input.ttl);
      if (mine.until !== undefined && mine.until <= now)
        throw lost(writing, actor, state, 'The lease is over.');
      // What has no lease ends by itself never; and a renewal is written at most once in half of its time.
      if (mine.until === undefined || mine.until - now > (until - now) / 2) return id;
      const renewal = await onTask(writing, work, actor, id, {
        type: 'claim.request',
        data: {
          need: mine.need,
          incarnation: mine.incarnation,
          ttl: until - now,
          ...(mine.need === 'granted' ? { until: now + wait } : {}),
        },
        key: keyHash,
      });
      await writing.answer(work, id);
      return renewal;
    },
  );
  if (asked !== id && needIn(writing, asked) === 'granted')
    await granted(writing, actor, id, asked, wait, false);
  return id;
}

/** Gives a claim back; a task in work is todo again. */
export async function releaseTask(
  writing: Writing,
  actor: Actor,
  ref: string,
  reason: string | undefined,
  key: Key,
): Promise<Hash> {
  const { id } = await findTask(writing.reading, ref);
  await once(writing, { actor, key, input: { release: id } }, async (work, keyHash) => {
    const state = await queuedState(writing, work, id, 'task');
    const mine = mineOrError(writing, actor, state);
    return giveBack(writing, work, actor, id, state, { claim: mine.op, reason, key: keyHash });
  });
  return id;
}

async function giveBack(
  writing: Writing,
  work: Work,
  actor: Actor,
  id: Hash,
  state: TaskState,
  { claim, reason, key }: { claim: Hash; reason?: string | undefined; key?: Hash | undefined },
): Promise<Hash> {
  const release = await onTask(writing, work, actor, id, {
    type: 'claim.release',
    data: { claim },
    body: { reason },
    key,
  });
  if (shownStatus(work.draft, state) === 'doing' && state.claims.every(({ by }) => by === actor.id))
    await onTask(writing, work, actor, id, {
      type: 'task.move',
      data: { to: 'todo', from: 'doing' },
    });
  return release;
}
