import { CoterieError, type Hash, type Role } from '../../../schemas/index.ts';
import type { AnyState } from '../../fold/types.ts';
import { hashOf } from '../../op/index.ts';
import type { Watch } from '../arbiter/watch.ts';
import type { Commits, Work } from '../commit/commits.ts';
import { keys } from '../commit/rows.ts';
import { sure } from '../commit/transaction.ts';
import type { Ledger, Proposal } from '../ledger/ledger.ts';
import { stateOf } from '../ledger/state.ts';
import type { IdempotencyRow } from '../ledger/subjects/repeats.ts';
import type { Reading } from '../reading/context.ts';
import { groupsOf } from './mentions.ts';

/** Who speaks. The id is known before the member exists: one handle on one machine is one member. */
export interface Actor {
  readonly handle: string;
  readonly id: Hash;
  readonly kind: 'agent' | 'human';
  /** True for a member that this replica does not speak for: it reads, and is refused what would be signed for it. */
  readonly foreign?: boolean;
}

/** Throws `forbidden` for a member that only other replicas speak for. */
export function refuseForeign({ handle }: Actor): never {
  throw new CoterieError(
    'forbidden',
    `This replica does not speak for ${handle}, and signs nothing for it.`,
    {
      hint: 'Write on a replica that hosts the member.',
    },
  );
}

/** Those who speak, each made once. */
export function createActors(make: (handle: string) => Actor): (handle: string) => Actor {
  const actors = new Map<string, Actor>();
  return (handle) => {
    const known = actors.get(handle);
    if (known) return known;
    const actor = make(handle);
    actors.set(handle, actor);
    return actor;
  };
}

/** So many things made for names are kept. */
const most = 256;

/** What is made for a name, made anew where others were asked for since. */
export function lately<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const value = made.get(name) ?? make(name);
    made.delete(name);
    made.set(name, value);
    const [oldest] = made.keys();
    if (made.size > most && oldest !== undefined) made.delete(oldest);
    return value;
  };
}

/** What the verbs that write need. */
export interface Writing {
  readonly reading: Reading;
  readonly commits: Commits;
  readonly ledger: Ledger;
  /** Public key of this user's machine. */
  readonly machine: string;
  /** Handle that made the workspace, where this machine owns it. */
  readonly maker: string | undefined;
  /** Names this opening; a claim says which opening made it. */
  readonly incarnation: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Members that are there now, or were lately. */
  readonly present: () => Promise<ReadonlySet<Hash>>;
  readonly watch: Watch;
  /** Has the arbiter answer what this write asks of a task, where it is this replica. */
  readonly answer: (work: Work, task: Hash) => Promise<void>;
  readonly closing: AbortSignal;
  /** Throws while nothing may be written: a restored directory that has met no peer. */
  readonly allowed: () => void;
}

/** One handle on one machine is one member: another replica of the machine may have made it; this one hosts it too. */
function hosted({ reading: { membership, replica } }: Writing, actor: Actor): boolean {
  return membership.state.members.get(actor.id)?.replicas.includes(replica) ?? false;
}

/** The member exists after this: a new handle on its own machine is made on its first write. */
export async function introduce(writing: Writing, actor: Actor): Promise<void> {
  if (hosted(writing, actor)) return;
  await writing.commits.write((work) => introduced(writing, actor, work));
}

async function introduced(writing: Writing, actor: Actor, work: Work): Promise<void> {
  if (hosted(writing, actor)) return;
  if (actor.foreign) refuseForeign(actor);
  const isKnown = writing.reading.membership.state.members.has(actor.id);
  if (!isKnown && groupsOf(writing.reading, actor.handle).length > 0)
    throw new CoterieError('exists', `@${actor.handle} is a group.`, { hint: 'Speak as another member.' });
  await writing.ledger.append(work, {
    log: 'members',
    type: 'member.create',
    data: {
      handle: actor.handle,
      kind: actor.kind,
      machine: writing.machine,
      ...firstRole(writing.maker, actor.handle),
    },
  });
  if (isKnown) return;
  // What was there when this replica joined is history to whoever comes in by it: shown, never an arrival.
  const joined = work.draft.get<JoinedRow>(keys.meta('joined')) ?? [];
  for (let at = 0; at === 0 || at < joined.length; at += chainsEach) {
    const vector: Record<string, Record<Hash, number>> = {};
    for (const [log, replica, seq] of joined.slice(at, at + chainsEach))
      vector[log] = { ...vector[log], [replica]: seq };
    await writing.ledger.append(work, {
      log: `marks.${actor.id}`,
      type: 'mark.set',
      subject: actor.id,
      member: actor.id,
      data: { whole: joined.length <= chainsEach, baseline: true, vector },
    });
  }
}

/**
 * Who made the workspace owns it, whoever writes first and wherever: replicas of one machine that are apart agree. Without
 * a word of it, for a machine that came in by a ticket, the seed's role counts (FOLD-43).
 */
export const firstRole = (maker: string | undefined, handle: string): { readonly role?: Role } =>
  maker === undefined ? {} : { role: handle === maker ? 'owner' : 'member' };

/** Chains as they stood when this replica was in step with the workspace for the first time. */
export type JoinedRow = readonly (readonly [log: string, replica: Hash, seq: number])[];

/** Chains in one operation: a header holds 8 KiB. */
export const chainsEach = 50;

/** One verb's write: what it appends, under the request's idempotency key. */
export interface Request {
  readonly actor: Actor;
  /** The client's key, if it sent one. */
  readonly key?: string | undefined;
  /** What was asked for: a repeat of the key with another input is an error. */
  readonly input: unknown;
}

/**
 * Runs `task` once for an idempotency key, for ever: a repeat answers with the operation of the first. `task` gets the
 * hash of the key for the first operation that it appends, and returns that operation's hash.
 */
export async function once(
  writing: Writing,
  request: Request,
  task: (work: Work, key: Hash | undefined) => Promise<Hash>,
): Promise<Hash> {
  writing.allowed();
  await introduce(writing, request.actor);
  const { crypto } = writing.reading;
  const key = request.key === undefined ? undefined : hashOf(crypto, checkedKey(request.key));
  const place = key === undefined ? undefined : keys.idempotency(request.actor.id, key);
  return writing.commits.write(async (work) => {
    // The disk may have refused the member meanwhile.
    await introduced(writing, request.actor, work);
    if (place === undefined) return task(work, undefined);
    const input = hashOf(crypto, withoutUndefined(request.input));
    const known = await work.draft.getConfirmed<IdempotencyRow>(place);
    const first = known?.operations[0];
    if (known && first) {
      if (known.input !== undefined && known.input !== input)
        throw new CoterieError(
          'key_reused',
          `The idempotency key was used for another request, which made ${first.hash}.`,
          { legal: [first.hash] },
        );
      return first.hash;
    }
    const hash = await task(work, key);
    const row = work.draft.get<IdempotencyRow>(place);
    work.draft.put(place, {
      ...(row ?? { operations: [{ hash, stamp: '' }] }),
      input,
    } satisfies IdempotencyRow);
    return hash;
  });
}

function checkedKey(key: string): string {
  if (key.length < 1 || key.length > 256 || /\p{Surrogate}/u.test(key))
    throw new CoterieError('invalid', 'An idempotency key has 1 to 256 characters.');
  return key;
}

const withoutUndefined = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** Appends what a member does with a task that is there. */
export const onTask = (
  { ledger }: Writing,
  work: Work,
  actor: Actor,
  task: Hash,
  does: Omit<Proposal, 'log' | 'subject' | 'member'>,
): Promise<Hash> => ledger.append(work, { log: 'tasks', subject: task, member: actor.id, ...does });

/** The state of a thing as it will be when everything queued is written. That it has none but its creation's is confirmed. */
export async function queuedState<K extends AnyState['kind']>(
  writing: Writing,
  work: Work,
  id: Hash,
  kind: K,
): Promise<Extract<AnyState, { kind: K }>> {
  await sure(work.draft, keys.state(id));
  return plainState(writing, work, id, kind);
}

/** The same by a plain look, for what is written all the time. */
export function plainState<K extends AnyState['kind']>(
  writing: Writing,
  work: Work,
  id: Hash,
  kind: K,
): Extract<AnyState, { kind: K }> {
  const state = stateOf(writing.reading, work.draft, id);
  if (state?.kind !== kind) throw new CoterieError('not_found', `There is no ${kind} ${id}.`);
  return state as Extract<AnyState, { kind: K }>;
}

export function refuseRedacted(state: AnyState): void {
  if (state.redacted) throw new CoterieError('redacted', `The text of this ${state.kind} was removed.`);
}
