import type {
  ArbiterInfo,
  Comment,
  InviteInfo,
  Member,
  Memory,
  Message,
  Presence,
  RemoteInfo,
  ReplicaInfo,
  Reservation,
  Task,
  TypedEvent,
} from '../../schemas/index.ts';
import { CoterieError, legalMoves } from '../../schemas/index.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { at, epoch, type FakeStore, get, missing, person, set } from './fake-store.ts';

/** The verbs of one member on a store of maps. */
export function fakeVerbs(store: FakeStore, handle: string, directory: string): Surface {
  const { channels, messages, tasks, memories, comments, feed, next, addChannel, tell, eventsFrom } = store;
  const me = person(handle);
  const list = <T>(items: T[]): Promise<{ items: T[] }> => Promise.resolve({ items });
  const task = (id: string): Task => get(tasks, 'task', id);
  const change = (id: string, what: Partial<Task>): Promise<Task> => {
    tell('task.update', handle, { id });
    return Promise.resolve(set(tasks, id, what, 'task'));
  };
  const post = (channel: string, text: string, thread?: string): Message => {
    get(channels, 'channel', channel);
    const id = next('message');
    const message: Message = {
      id,
      channel,
      author: me,
      text,
      at,
      base: [id],
      ...(thread ? { thread } : {}),
    };
    messages.set(id, message);
    tell('message.post', handle, { id, text }, channel);
    return message;
  };
  const proof = () => ({
    through: `${epoch}.${feed.length}`,
    complete: true,
    remaining: 0,
    replicas: [],
    unlisted: 0,
    waiting: 0,
    digest: 'd',
  });
  const member: Member = {
    ...me,
    kind: 'agent',
    role: 'member',
    replicas: ['r'],
    hosted: true,
    imported: false,
    created: at,
    base: [],
  };
  const replica: ReplicaInfo = {
    id: 'r',
    name: null,
    self: true,
    machine: 'm',
    admitted: at,
    by: null,
    invite: null,
    revoked: null,
    members: [me],
    links: [],
  };
  const present: Presence = {
    member: me,
    state: 'working',
    task: null,
    waitingFor: null,
    note: null,
    since: at,
    until: at,
    replica: 'r',
    sessions: 1,
    seen: at,
  };
  const invite: InviteInfo = {
    id: 'i',
    role: 'member',
    expires: at,
    uses: 1,
    used: 0,
    by: me,
    countersigner: 'r',
    replicas: [],
    revoked: null,
  };
  const remote: RemoteInfo = {
    url: 'http://127.0.0.1:4270',
    mode: 'node',
    key: 'k',
    added: at,
    state: 'linked',
    since: at,
    lag: 0,
    acknowledged: null,
    trouble: null,
    alarms: [],
  };
  const arbiterInfo: ArbiterInfo = {
    replica: 'r',
    name: null,
    self: true,
    revoked: false,
    term: 1,
    since: at,
    by: null,
    how: 'genesis',
    grants: 0,
  };
  const reservation: Reservation = {
    id: 'reservation-1',
    by: me,
    globs: ['src/**'],
    reason: null,
    incarnation: 'i',
    created: at,
    until: at,
    state: 'held',
    conflicts: [],
    base: [],
  };
  const reserved = (id: string): Reservation => {
    if (id !== reservation.id) throw missing('reservation', id);
    return reservation;
  };
  return {
    member: me,
    channels: {
      list: () => list([...channels.values()]),
      get: async (id) => get(channels, 'channel', id),
      create: async ({ name, topic }) => {
        if (channels.has(name)) throw new CoterieError('exists', `There is a channel ${name}`);
        addChannel(name);
        return set(channels, name, { topic: topic ?? '' });
      },
      update: async (id, { base: _base, ...input }) => set(channels, id, defined(input), 'channel'),
    },
    messages: {
      post: async (channel, input) => post(channel, input.text, input.thread),
      list: async (channel) => {
        get(channels, 'channel', channel);
        return { items: [...messages.values()].filter((one) => one.channel === channel) };
      },
      get: async (id) => get(messages, 'message', id),
      thread: async (id) => ({
        root: get(messages, 'message', id),
        items: [...messages.values()].filter((one) => one.thread === id),
        following: 'default',
      }),
      edit: async (id, { text }) => set(messages, id, { text, edits: { count: 1, at } }, 'message'),
      redact: async (id) => {
        set(messages, id, { text: null, removed: { by: me, at } }, 'message');
        return { id, operation: next('redact') };
      },
      react: async (id, emoji) => set(messages, id, { reactions: [{ emoji, members: [me] }] }, 'message'),
      unreact: async (id) => set(messages, id, { reactions: [] }, 'message'),
      flag: async (id, input) => set(messages, id, defined(input), 'message'),
    },
    tasks: {
      create: async (input) => {
        const id = next('task');
        const made: Task = {
          id,
          short: id,
          title: input.title,
          description: input.description ?? null,
          criteria: null,
          status: 'todo',
          priority: input.priority ?? 'P2',
          assignee: null,
          reviewer: null,
          labels: input.labels ?? [],
          due: null,
          evidence: [],
          creator: me,
          created: at,
          updated: at,
          claim: null,
          links: [],
          inverse: [],
          blockers: [],
          ready: true,
          comments: 0,
          legalMoves: [...legalMoves.todo],
          base: [id],
        };
        tasks.set(id, made);
        tell('task.create', handle, { id });
        return made;
      },
      list: () => list([...tasks.values()]),
      ready: () => list([...tasks.values()].filter((one) => one.ready)),
      get: async (id) => task(id),
      update: async (id, { title }) => change(id, { ...(title ? { title } : {}) }),
      move: async (id, { to }) => {
        const legal = legalMoves[task(id).status];
        if (!legal.includes(to)) throw new CoterieError('illegal_move', `No move to ${to}`, { legal });
        return change(id, { status: to });
      },
      claim: async (id) => {
        const { claim } = task(id);
        if (claim && claim.by.handle !== handle)
          throw new CoterieError('held', `${claim.by.handle} holds it`);
        return change(id, {
          claim: { operation: 'op', by: me, since: at, certainty: 'tentative', incarnation: 'i' },
        });
      },
      renew: async (id) => task(id),
      decide: async (id) => task(id),
      release: async (id) => change(id, { claim: null }),
      link: async (id, { kind, to }) => change(id, { links: [{ kind, id: to }] }),
      unlink: async (id) => change(id, { links: [] }),
      comment: async (id, { text }) => {
        task(id);
        const made: Comment = { id: next('comment'), task: id, author: me, text, at, base: [] };
        comments.push(made);
        return made;
      },
      comments: (id) => list(comments.filter((one) => one.task === id)),
    },
    memory: {
      remember: async (input) => {
        const id = next('memory');
        const made: Memory = {
          id,
          version: id,
          title: input.title ?? null,
          text: input.text,
          tags: input.tags ?? [],
          sources: [],
          by: me,
          at,
          author: me,
          created: at,
          supersedes: [],
          supersededBy: [],
          forgotten: false,
          base: [id],
          ...(input.key === undefined ? {} : { key: input.key }),
        };
        memories.set(input.key ?? id, made);
        return made;
      },
      list: () => list([...memories.values()]),
      get: async (id) => get(memories, 'memory', id),
      update: async (id, { text }) => set(memories, id, { text }, 'memory'),
      forget: async (id) => set(memories, id, { forgotten: true }, 'memory'),
    },
    reservations: {
      reserve: async ({ globs, reason }) => ({ ...reservation, globs, reason: reason ?? null }),
      list: () => list([reservation]),
      get: async (id) => reserved(id),
      renew: async (id) => reserved(id),
      release: async (id) => ({ ...reserved(id), state: 'released' }),
    },
    members: {
      list: () => list([member]),
      get: async (id) => {
        if (id !== me.id && id !== handle) throw missing('member', id);
        return member;
      },
      update: async ({ name }) => ({ ...member, name: name ?? member.name }),
      grant: async (_, { role }) => ({ ...member, role }),
    },
    search: async ({ q }) => ({
      results: [{ kind: 'message', id: 'm', score: 1, snippet: q, marks: [], by: me, at }],
      modes: ['text'],
      match: 'all',
      total: 1,
      behind: 0,
    }),
    searchStream: async function* ({ q }) {
      yield {
        results: [{ kind: 'message', id: 'm', score: 1, snippet: q, marks: [], by: me, at }],
        match: 'all',
        behind: 0,
        more: false,
      };
    },
    recall: async ({ q }) => ({
      results: [{ kind: 'memory', id: 'm', score: 1, snippet: q, marks: [], by: me, at }],
      modes: ['text'],
      match: 'all',
      total: 1,
      behind: 0,
    }),
    // Its operations are told in its own words, which no schema knows.
    events: (query) => eventsFrom(query) as AsyncIterable<TypedEvent>,
    activity: () => list([...feed].reverse()),
    presence: {
      set: async ({ state, note }) => ({ ...present, state, note: note ?? null }),
      list: () => list([present]),
    },
    history: async (id) => ({
      items: [
        {
          operation: id,
          type: 'message.post',
          by: me,
          at,
          replica: 'r',
          state: 'counted',
          signature: 'holds',
          seen: [],
          after: [],
          data: {},
        },
      ],
    }),
    catchUp: async () => ({
      items: [],
      receipt: 'r1',
      pending: 0,
      left: 0,
      open: 0,
      proof: proof(),
    }),
    inbox: async () => ({ items: [], receipt: 'r1', open: 0, proof: proof() }),
    waiting: async () => ({ open: 0 }),
    acknowledge: async ({ receipt }) => {
      if (receipt !== undefined && receipt !== 'r1')
        throw new CoterieError('receipt_unknown', 'Not this one');
      return { acknowledged: 1, counted: 0, items: 0, pending: 0, open: 0 };
    },
    groups: {
      list: async () => ({ items: [{ id: 'group-1', handle: 'crew', members: [] }] }),
      create: async ({ handle }) => ({ id: 'group-1', handle, members: [] }),
      update: async (id) => ({ id, handle: 'crew', members: [] }),
    },
    invites: {
      create: async ({ role = 'member', uses = 1, expires = at } = {}) => ({
        ticket: 'http://127.0.0.1:4270/join#FAKE',
        relay: 'readable',
        invite: next('invite'),
        role,
        uses,
        expires,
      }),
      list: () => list([invite]),
      revoke: async (id) => {
        if (id !== invite.id) throw missing('invite', id);
        return { ...invite, revoked: { by: me, at, operation: 'op' } };
      },
    },
    documents: {
      list: () =>
        list([{ document: 'log/tasks/1', log: 'tasks', segment: 1, entries: 2, digest: 'd', newest: true }]),
    },
    remotes: {
      list: () => list([remote]),
      add: async ({ url }) => ({ ...remote, url }),
      remove: async (url) => {
        if (url !== remote.url) throw missing('remote', url);
        return remote;
      },
    },
    arbiter: {
      get: async () => arbiterInfo,
      move: async () => arbiterInfo,
    },
    replicas: {
      list: () => list([replica]),
      revoke: async (id) => {
        if (id !== replica.id) throw missing('replica', id);
        return { ...replica, revoked: { by: me, at, operation: 'op' } };
      },
    },
    status: async () => ({
      version: '0.1.0',
      workspace: { id: 'w', name: 'Team <one>' },
      replica: 'r',
      member: me.handle,
      directory: directory,
      durability: 'sync',
      counts: {
        operations: feed.length,
        waiting: 0,
        rejected: 0,
        members: 1,
        channels: channels.size,
        messages: messages.size,
        tasks: tasks.size,
        memories: memories.size,
      },
      cursor: `${epoch}.${feed.length}`,
      digest: 'd',
      storage: { bytes: 1, uncheckpointed: 0, freeBytes: 1 },
      search: { ready: true, behind: 0, embeddings: { left: 0 } },
      listening: [],
      peers: [],
      warnings: [],
      since: at,
    }),
  };
}

function defined<T extends object>(input: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
