import type { PresenceQuery, PresenceSet } from '../../../schemas/index.ts';
import { CoterieError, type Hash, type List, type Presence } from '../../../schemas/index.ts';
import { stateOf } from '../ledger/state.ts';
import { pageOf, type Reading, time } from '../reading/context.ts';
import type { Feed } from '../reading/feed/feed.ts';
import { findMember, findTask, shortOf } from '../reading/names.ts';
import type { Actor } from '../writing/context.ts';
import type { LastSeen } from './last-seen.ts';
import type { PresenceStore, Said } from './store.ts';

/** What the verbs of presence stand on. */
export interface PresenceContext {
  readonly reading: Reading;
  readonly feed: Feed;
  readonly store: PresenceStore;
  readonly lastSeen: LastSeen;
  readonly now: () => number;
  /** Tells other replicas what a session of this one says. */
  readonly tell: (said: Said) => void;
}

const defaultTtl = 300;

/** Says something of the member that speaks. Throws `invalid`, `not_found`, `ambiguous`. */
export async function setPresence(
  context: PresenceContext,
  actor: Pick<Actor, 'id' | 'handle'>,
  input: PresenceSet,
): Promise<Presence> {
  const { reading, store, now } = context;
  const { state, note, session = '', ttl = defaultTtl } = input;
  if (input.task !== undefined && state !== 'working')
    throw new CoterieError('invalid', 'task goes with the state working alone');
  if (input.waitingFor !== undefined && state !== 'waiting')
    throw new CoterieError('invalid', 'waitingFor goes with the state waiting alone');
  const task = input.task === undefined ? undefined : (await findTask(reading, input.task)).id;
  const waitingFor = input.waitingFor === undefined ? undefined : findMember(reading, input.waitingFor).id;
  const before = store.of(actor.id, reading.replica, session);
  const same = before?.state === state && before.task === task && before.waitingFor === waitingFor;
  const said: Said = {
    member: actor.id,
    replica: reading.replica,
    session,
    handle: actor.handle,
    clock: store.clock(),
    state,
    ...(task === undefined ? {} : { task }),
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(note === undefined || note === '' ? {} : { note }),
    since: same ? before.since : now(),
    ttl: ttl * 1000,
  };
  if (store.take(said)) context.tell(said);
  return presenceOf(context, actor.id);
}

/** What is known of one member now. */
async function presenceOf(context: PresenceContext, member: Hash): Promise<Presence> {
  const { reading, store } = context;
  const { membership, database } = reading;
  const written = (await context.lastSeen.look(reading, context.feed)).get(member) ?? 0;
  const seen = Math.max(written, store.heard(member) ?? 0);
  const sessions = store.shown(member);
  const [first] = sessions;
  // Saying something makes no member: that is for its first write.
  const made = membership.state.members.has(member);
  const handle = first?.handle ?? member;
  const task = first?.task === undefined ? undefined : stateOf(reading, database, first.task);
  return {
    member: made ? membership.person(member) : { id: member, handle, name: handle },
    state: first?.state ?? 'offline',
    task:
      first?.task === undefined
        ? null
        : { id: first.task, short: task?.kind === 'task' ? await shortOf(reading, task) : null },
    waitingFor: first?.waitingFor === undefined ? null : membership.person(first.waitingFor),
    note: first?.note ?? null,
    since: first ? time(first.since) : null,
    until: first ? time(first.until) : null,
    replica: first?.replica ?? null,
    sessions: sessions.length,
    seen: seen === 0 ? null : time(seen),
  };
}

const order = ['working', 'waiting', 'idle', 'away', 'offline'];

/** Everybody who can speak: who does something first, then by handle; who is offline by when they were seen last. */
export async function listPresence(
  context: PresenceContext,
  query: PresenceQuery = {},
): Promise<List<Presence>> {
  const { members } = context.reading.membership.state;
  const speaking = [...members.values()].filter(({ imported }) => !imported).map(({ id }) => id);
  const everybody =
    query.member === undefined
      ? new Set([...speaking, ...context.store.members()])
      : [findMember(context.reading, query.member).id];
  const all: { item: Presence; key: string }[] = [];
  for (const id of everybody) {
    const item = await presenceOf(context, id);
    if (item.state === 'offline' && query.offline === false) continue;
    const last = item.state === 'offline' ? 9e15 - Date.parse(item.seen ?? time(0)) : 0;
    const place = String(last).padStart(16, '0');
    all.push({ item, key: `${order.indexOf(item.state)} ${place} ${item.member.handle} ${id}` });
  }
  all.sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, more } = pageOf(all, query, ({ item }) => item.member.id);
  return { items: page.map(({ item }) => item), ...more };
}
