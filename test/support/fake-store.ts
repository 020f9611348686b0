import type { Channel, Comment, Event, Memory, Message, Person, Task } from '../../schemas/index.ts';
import { CoterieError } from '../../schemas/index.ts';
import type { EventsOptions } from '../../src/replica/surface.ts';

/** What a replica of maps holds. */
export interface FakeStore {
  readonly channels: Map<string, Channel>;
  readonly messages: Map<string, Message>;
  readonly tasks: Map<string, Task>;
  readonly memories: Map<string, Memory>;
  readonly comments: Comment[];
  readonly feed: Event[];
  readonly closing: AbortController;
  next(kind: string): string;
  addChannel(name: string): void;
  tell(type: string, by: string, data: Event['data'], channel?: string): void;
  eventsFrom(query?: EventsOptions): AsyncIterable<Event>;
}

export const at = '2026-01-02T03:04:05.000Z';
export const epoch = 'e1';
export const person = (handle: string): Person => ({ id: `member-${handle}`, handle, name: handle });
export const missing = (what: string, id: string): CoterieError =>
  new CoterieError('not_found', `There is no ${what} ${id}`);

export function get<T>(map: Map<string, T>, what: string, id: string): T {
  const found = map.get(id);
  if (found === undefined) throw missing(what, id);
  return found;
}

export function set<T extends object>(
  map: Map<string, T>,
  id: string,
  change: Partial<T>,
  what = 'thing',
): T {
  const value = { ...get(map, what, id), ...change };
  map.set(id, value);
  return value;
}

export function openFakeStore(): FakeStore {
  const channels = new Map<string, Channel>();
  const messages = new Map<string, Message>();
  const tasks = new Map<string, Task>();
  const comments: Comment[] = [];
  const memories = new Map<string, Memory>();
  const feed: Event[] = [];
  const closing = new AbortController();
  let wake: () => void = () => undefined;
  let changed = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let count = 0;

  const next = (kind: string): string => `${kind}-${++count}`;
  const addChannel = (name: string): void => {
    channels.set(name, { id: name, name, topic: '', archived: false, hops: 20, messages: 0, base: [] });
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

  return { channels, messages, tasks, memories, comments, feed, closing, next, addChannel, tell, eventsFrom };
}
