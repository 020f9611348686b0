import { setTimeout as wait } from 'node:timers/promises';
import type { Channel, Comment, Event, Member, Memory, Message, Person, Task } from '../../schemas/index.ts';
import { CoterieError, legalMoves } from '../../schemas/index.ts';
import type { EventsOptions, OpenOptions, Replica, Surface } from '../../src/replica/surface.ts';

/**
 * A replica of a few maps, for tests of the doors: right shapes, no durability, hardly any rules. What it was asked is
 * in `asked`, so that a test can see what a door passed on.
 */
export interface FakeReplica extends Replica {
  readonly asked: { verb: string; as: string; input: unknown }[];
  /** The next verb rejects with this. */
  failNext(error: unknown): void;
  /** Verbs wait for this before they answer. */
  hold(until: Promise<unknown>): void;
  emit(count: number, text?: string): void;
}

const at = '2026-01-02T03:04:05.000Z';
const epoch = 'e1';
const person = (handle: string): Person => ({ id: `member-${handle}`, handle, name: handle });
const missing = (what: string, id: string): CoterieError =>
  new CoterieError('not_found', `There is no ${what} ${id}`);

export async function openFakeReplica(options: OpenOptions): Promise<FakeReplica> {
  const channels = new Map<string, Channel>();
  const messages = new Map<string, Message>();
  const tasks = new Map<string, Task>();
  const comments: Comment[] = [];
  const memories = new Map<string, Memory>();
  const feed: Event[] = [];
  const asked: FakeReplica['asked'] = [];
  const closing = new AbortController();
  let wake: () => void = () => undefined;
  let changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let failure: unknown;
  let held: Promise<unknown> = Promise.resolve();
  let count = 0;

  const next = (kind: string): string => `${kind}-${++count}`;
  const get = <T>(map: Map<string, T>, what: string, id: string): T => {
    const found = map.get(id);
    if (found === undefined) throw missing(what, id);
    return found;
  };
  const set = <T extends object>(map: Map<string, T>, id: string, change: Partial<T>, what = 'thing'): T => {
    const value = { ...get(map, what, id), ...change };
    map.set(id, value);
    return value;
  };
  const addChannel = (name: string): Channel => {
    const channel: Channel = { id: name, name, topic: '', archived: false, messages: 0, base: [] };
    channels.set(name, channel);
    return channel;
  };
  for (const name of ['general', 'dev']) addChannel(name);

  const tell = (type: string, by: string, data: Event['data'], channel?: string): void => {
    const number = feed.length + 1;
    const subject = String(data['id'] ?? number);
    const where = channel === undefined ? {} : { channel };
    feed.push({
      cursor: `${epoch}.${number}`,
      type,
      operation: `op-${number}`,
      subject,
      log: 'tasks',
      ...where,
      by: person(by),
      at,
      data,
    });
    const awake = wake;
    changed = new Promise((resolve) => {
      wake = resolve;
    });
    awake();
  };

  async function* follow(
    { signal, types, channels: only }: EventsOptions,
    from: number,
  ): AsyncIterable<Event> {
    const stop = AbortSignal.any([closing.signal, ...(signal ? [signal] : [])]);
    const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
    for (let place = from; !stop.aborted; ) {
      const event = feed[place];
      if (event === undefined) await Promise.race([changed, stopped]);
      else {
        place += 1;
        const wanted = types === undefined || types.split(',').includes(event.type);
        if (wanted && (only === undefined || only.split(',').includes(event.channel ?? ''))) yield event;
      }
    }
  }

  function eventsFrom(query: EventsOptions = {}): AsyncIterable<Event> {
    if (query.since === undefined) return follow(query, feed.length);
    const [of, number] = query.since === '0' ? [epoch, '0'] : query.since.split('.');
    if (of !== epoch || Number(number) > feed.length)
      throw new CoterieError('cursor_unknown', `The cursor ${query.since} is not of this feed`);
    return follow(query, Number(number));
  }

  function surfaceOf(handle: string): Surface {
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
      members: {
        list: () => list([member]),
        get: async (id) => {
          if (id !== me.id && id !== handle) throw missing('member', id);
          return member;
        },
        update: async ({ name }) => ({ ...member, name: name ?? member.name }),
      },
      search: async ({ q }) => ({
        results: [{ kind: 'message', id: 'm', score: 1, snippet: q, by: me, at }],
        modes: ['text'],
        behind: 0,
      }),
      recall: async ({ q }) => ({
        results: [{ kind: 'memory', id: 'm', score: 1, snippet: q, by: me, at }],
        modes: ['text'],
        behind: 0,
      }),
      events: eventsFrom,
      activity: () => list([...feed].reverse()),
      history: async (id) => ({
        items: [
          {
            operation: id,
            type: 'message.post',
            by: me,
            at,
            replica: 'r',
            state: 'counted',
            after: [],
            data: {},
          },
        ],
      }),
      catchUp: async () => ({
        items: [],
        receipt: 'r1',
        pending: 0,
        proof: {
          through: `${epoch}.${feed.length}`,
          complete: true,
          remaining: 0,
          replicas: [],
          waiting: 0,
          digest: 'd',
        },
      }),
      acknowledge: async ({ receipt }) => {
        if (receipt !== undefined && receipt !== 'r1')
          throw new CoterieError('receipt_unknown', 'Not this one');
        return { acknowledged: 1, pending: 0 };
      },
      status: async () => ({
        version: '0.1.0',
        workspace: { id: 'w', name: 'Team <one>' },
        replica: 'r',
        member: me.handle,
        directory: options.directory,
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
        search: { ready: true, behind: 0 },
        since: at,
      }),
    };
  }

  /** Every verb notes what it was asked, fails when told to and waits when held. */
  function watched<T extends object>(target: T, as: string, path = ''): T {
    return new Proxy(target, {
      get(_target, name) {
        const value: unknown = Reflect.get(target, name);
        const verb = `${path}${String(name)}`;
        if (typeof value === 'object' && value !== null && verb !== 'member')
          return watched(value, as, `${verb}.`);
        if (typeof value !== 'function' || verb === 'events') return value;
        return async (...input: unknown[]) => {
          asked.push({ verb, as, input });
          await held;
          const error = failure;
          failure = undefined;
          if (error !== undefined) throw error;
          return Reflect.apply(value, target, input) as unknown;
        };
      },
    });
  }

  const work = async <T>(
    result: T,
    {
      progress,
      signal,
    }: {
      progress?: ((step: { stage: string; done: number; total: number }) => void) | undefined;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<T> => {
    for (let done = 0; done <= 2; done++) {
      progress?.({ stage: 'reading', done, total: 2 });
      await wait(1, undefined, { signal });
    }
    return result;
  };

  return {
    ...watched(surfaceOf(options.as), options.as),
    workspace: { id: 'w', name: 'Team <one>' },
    id: 'r',
    directory: options.directory,
    asked,
    failNext(error) {
      failure = error;
    },
    hold(until) {
      held = until;
    },
    emit(times, text = 'x') {
      for (let done = 0; done < times; done++) tell('message.post', options.as, { text }, 'general');
    },
    as: (handle) => watched(surfaceOf(handle), handle),
    import: async ({ format, path }, during) => {
      if (path === '/none') throw new CoterieError('import_invalid', `${path} is not there`);
      if (path === '/late') {
        during?.progress?.({ stage: 'reading', done: 0, total: null });
        throw new CoterieError('import_unsafe', 'an entry leaves its folder');
      }
      return work({ format, read: {}, written: {}, present: {}, setAside: [], seconds: 0 }, during);
    },
    export: ({ directory }, during) => work({ directory, files: {} }, during),
    backup: ({ directory }, during) => work({ directory, bytes: 1 }, during),
    compact: (_request, during) => work({ before: 2, after: 1 }, during),
    doctor: (during) => work({ ok: true, findings: [] }, during),
    async close() {
      closing.abort();
    },
  };
}

function defined<T extends object>(input: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
