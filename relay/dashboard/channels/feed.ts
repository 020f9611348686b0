import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Channel, Message, TypedEvent } from '../../../schemas/index.ts';
import type { App } from '../app/context.ts';

/** The messages of one channel that are in the page, oldest first, and how more are read. */
export interface Feed {
  readonly channel: ReadonlySignal<Channel | undefined>;
  readonly messages: ReadonlySignal<readonly Message[]>;
  /** More are there before the first, after the last. */
  readonly isOlder: ReadonlySignal<boolean>;
  readonly isNewer: ReadonlySignal<boolean>;
  /** Why the last reading failed. */
  readonly error: ReadonlySignal<Error | undefined>;
  older(): Promise<void>;
  newer(): Promise<void>;
  /** Reads from the end. */
  toEnd(): Promise<void>;
  /** Puts one in that was just posted or read. */
  put(message: Message): void;
  close(): void;
}

const size = 60;

/** A message as its event has it: what it lacks is read after. */
function fromEvent(event: TypedEvent & { type: 'message.create' }): Message | undefined {
  if (event.by === null || event.body === undefined || event.channel === undefined) return undefined;
  const { thread, answers } = event.data as { readonly thread?: string; readonly answers?: string };
  return {
    id: event.subject,
    channel: event.channel,
    author: event.by,
    text: (event.body as { readonly text?: string }).text ?? null,
    at: event.at,
    ...(thread === undefined ? {} : { thread }),
    ...(answers === undefined ? {} : { answers }),
    base: [event.operation],
  };
}

/** Reads a channel from its end, or from around a time, and follows what happens in it. */
export function openFeed({ door, live }: App, name: string, around: string | undefined): Feed {
  const channel = signal<Channel | undefined>(undefined);
  const messages = signal<readonly Message[]>([]);
  const isOlder = signal(false);
  const isNewer = signal(false);
  const error = signal<Error | undefined>(undefined);
  let olderFrom: string | undefined;
  let newerFrom: string | undefined;
  let busy: Promise<void> | undefined;
  let closed = false;

  /** One reading at a time. */
  function once(work: () => Promise<void>): Promise<void> {
    busy ??= work()
      .then(
        () => {
          error.value = undefined;
        },
        (cause: unknown) => {
          error.value = cause instanceof Error ? cause : new Error(String(cause));
        },
      )
      .finally(() => {
        busy = undefined;
      });
    return busy;
  }
  function merged(add: readonly Message[]): readonly Message[] {
    const byId = new Map(messages.value.map((one) => [one.id, one]));
    for (const one of add) byId.set(one.id, one);
    return [...byId.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1));
  }
  async function begin(at: string | undefined): Promise<void> {
    const [info, before, after] = await Promise.all([
      door.channels.get(name),
      door.messages.list(name, { limit: size, ...(at === undefined ? {} : { until: at }) }),
      at === undefined ? undefined : door.messages.list(name, { limit: size, order: 'oldest', since: at }),
    ]);
    if (closed) return;
    olderFrom = before.next;
    newerFrom = after?.next;
    batch(() => {
      channel.value = info;
      messages.value = [];
      messages.value = merged([...before.items, ...(after?.items ?? [])]);
      isOlder.value = before.next !== undefined;
      isNewer.value = after?.next !== undefined;
    });
  }
  async function again(id: string): Promise<void> {
    const found = await door.messages.get(id).catch(() => undefined);
    if (found && !closed) feed.put(found);
  }
  const has = (id: string): boolean => messages.value.some((one) => one.id === id);
  function hear(event: TypedEvent): void {
    if (event.type === 'gap') return void feed.toEnd();
    if (event.type.startsWith('channel.')) {
      if (event.subject === channel.value?.id)
        void door.channels.get(event.subject).then((info) => {
          channel.value = info;
        });
      return;
    }
    if (event.type === 'message.create') {
      if (event.channel !== channel.value?.id || isNewer.value) return;
      const shown = fromEvent(event);
      if (shown && !has(shown.id)) feed.put(shown);
      const { thread } = event.data as { readonly thread?: string };
      if (thread !== undefined && has(thread)) void again(thread);
      void again(event.subject);
    } else if (has(event.subject)) void again(event.subject);
  }
  const forget = live.on(['message.*', 'thread.*', 'channel.update', 'redact', 'revised'], hear);

  const feed: Feed = {
    channel,
    messages,
    isOlder,
    isNewer,
    error,
    older: () =>
      once(async () => {
        if (olderFrom === undefined) return;
        const { items, next } = await door.messages.list(name, { limit: size, cursor: olderFrom });
        olderFrom = next;
        batch(() => {
          messages.value = merged(items);
          isOlder.value = next !== undefined;
        });
      }),
    newer: () =>
      once(async () => {
        if (newerFrom === undefined) return;
        const { items, next } = await door.messages.list(name, {
          limit: size,
          order: 'oldest',
          cursor: newerFrom,
        });
        newerFrom = next;
        batch(() => {
          messages.value = merged(items);
          isNewer.value = next !== undefined;
        });
      }),
    toEnd: () => once(() => begin(undefined)),
    put(message) {
      if (message.channel === channel.value?.id) messages.value = merged([message]);
    },
    close() {
      closed = true;
      forget();
    },
  };
  void once(() => begin(around));
  return feed;
}
