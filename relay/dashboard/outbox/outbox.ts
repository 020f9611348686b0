import { type ReadonlySignal, signal } from '@preact/signals';
import type { Message } from '../../../schemas/index.ts';
import { type App, useApp } from '../app/context.ts';
import { failed, said } from '../app/notices.ts';

/** A message that was written here and is not stored yet. It is kept in this browser until it is, or somebody discards it. */
export interface Waiting {
  /** Its idempotency key: however often it is sent, it is posted once. */
  readonly key: string;
  readonly channel: string;
  readonly thread: string | undefined;
  readonly text: string;
  /** When it was written, ms. */
  readonly at: number;
  /** Why it was refused; undefined while it is on its way, or waits for the node. */
  readonly refused: string | undefined;
}

export interface Outbox {
  readonly waiting: ReadonlySignal<readonly Waiting[]>;
  /** Keeps it, and posts it as soon as that works. Resolves with the message, or undefined where it waits or was refused. */
  post(channel: string, text: string, thread?: string): Promise<Message | undefined>;
  again(key: string): void;
  discard(key: string): void;
}

/** Errors that pass: it is sent again. */
const passing = new Set(['unreachable', 'closed', 'busy', 'storage_failed', 'rate_limited', 'disk_full']);
const pause = 3_000;

function begin({ door, me }: App): Outbox {
  const place = `coterie.outbox.${me.handle}`;
  const read = (): readonly Waiting[] => {
    try {
      return JSON.parse(localStorage.getItem(place) ?? '[]') as Waiting[];
    } catch {
      return [];
    }
  };
  const waiting = signal<readonly Waiting[]>(read());
  const sending = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function keep(next: readonly Waiting[]): void {
    waiting.value = next;
    localStorage.setItem(place, JSON.stringify(next));
  }
  const without = (key: string): readonly Waiting[] => read().filter((one) => one.key !== key);

  async function send({ key, channel, thread, text }: Waiting): Promise<Message | undefined> {
    if (sending.has(key)) return undefined;
    sending.add(key);
    try {
      const input = { text, ...(thread === undefined ? {} : { thread }) };
      const message = await door.messages.post(channel, input, { key });
      keep(without(key));
      return message;
    } catch (cause) {
      const error = failed(cause);
      const isPassing = 'code' in error && passing.has(String(error.code));
      if (isPassing) {
        clearTimeout(timer);
        timer = setTimeout(() => {
          for (const one of waiting.value) if (one.refused === undefined) void send(one);
        }, pause);
      } else keep(read().map((one) => (one.key === key ? { ...one, refused: said(error) } : one)));
      return undefined;
    } finally {
      sending.delete(key);
    }
  }

  addEventListener('storage', ({ key }) => {
    if (key === place) waiting.value = read();
  });
  for (const one of waiting.value) if (one.refused === undefined) void send(one);

  return {
    waiting,
    async post(channel, text, thread) {
      const one: Waiting = {
        key: crypto.randomUUID(),
        channel,
        thread,
        text,
        at: Date.now(),
        refused: undefined,
      };
      keep([...read(), one]);
      return send(one);
    },
    again(key) {
      keep(read().map((one) => (one.key === key ? { ...one, refused: undefined } : one)));
      const found = waiting.value.find((one) => one.key === key);
      if (found) void send(found);
    },
    discard: (key) => keep(without(key)),
  };
}

const begun = new WeakMap<App, Outbox>();

export function useOutbox(): Outbox {
  const app = useApp();
  const there = begun.get(app) ?? begin(app);
  begun.set(app, there);
  return there;
}
