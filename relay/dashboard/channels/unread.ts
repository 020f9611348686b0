import { type ReadonlySignal, signal } from '@preact/signals';
import type { CatchUpItem, TypedEvent } from '../../../schemas/index.ts';
import { type App, useApp } from '../app/context.ts';

/** What of a channel nobody of this member has read. */
export interface Unread {
  readonly messages: number;
  /** Of them, those that call the member. */
  readonly mentions: number;
  /** Unread messages that are known one by one. */
  readonly ids: ReadonlySet<string>;
  /** Time of the oldest; undefined where there is none. */
  readonly since: string | undefined;
  /** Other changes: reactions, pins, edits. */
  readonly others: readonly string[];
}

export const allRead: Unread = { messages: 0, mentions: 0, ids: new Set(), since: undefined, others: [] };

/** The unread of all channels, as it changes. */
export interface Unreads {
  /** By channel id. */
  readonly channels: ReadonlySignal<ReadonlyMap<string, Unread>>;
  /** These operations were seen. */
  seen(operations: readonly string[]): void;
}

const calls = new Set(['direct', 'mention', 'group', 'reply', 'followed']);
/** Tokens that looking may cost: some hundreds of messages one by one, what is more is counted. */
const budget = 24_000;
/** Changes are gathered so long before the whole is looked at again, ms. */
const gather = 1_200;
/** What was seen is told after so long: scrolling sees much, ms. */
const telling = 250;
const atOnce = 500;

function begin({ door, live, me }: App): Unreads {
  const channels = signal<ReadonlyMap<string, Unread>>(new Map());
  const waiting = new Set<string>();
  const told = new Set<string>();
  let again: ReturnType<typeof setTimeout> | undefined;
  let tell: ReturnType<typeof setTimeout> | undefined;

  const put = (id: string, change: (before: Unread) => Unread): void => {
    const next = new Map(channels.value);
    next.set(id, change(next.get(id) ?? allRead));
    channels.value = next;
  };
  const withMessage = (before: Unread, id: string, at: string, isCalled: boolean): Unread => ({
    ...before,
    messages: before.messages + 1,
    mentions: before.mentions + (isCalled ? 1 : 0),
    ids: new Set([...before.ids, id]),
    since: before.since === undefined || at < before.since ? at : before.since,
  });

  /** What one line of the catch-up adds to which channel. */
  function partOf(item: CatchUpItem): [channel: string | undefined, add: (before: Unread) => Unread] {
    const same = (before: Unread): Unread => before;
    if (item.kind === 'range')
      return [
        item.channel,
        (before) => ({
          ...before,
          messages: before.messages + item.count,
          since: before.since === undefined || item.from < before.since ? item.from : before.since,
        }),
      ];
    if (item.kind !== 'operation' || told.has(item.event.operation)) return [undefined, same];
    const { channel, type, subject, operation, at } = item.event;
    if (type === 'message.create')
      return [channel, (before) => withMessage(before, subject, at, calls.has(item.because))];
    return [channel, (before) => ({ ...before, others: [...before.others, operation] })];
  }

  async function look(): Promise<void> {
    const { items } = await door.catchUp({ budget });
    const found = new Map<string, Unread>();
    for (const item of items) {
      const [channel, add] = partOf(item);
      if (channel !== undefined) found.set(channel, add(found.get(channel) ?? allRead));
    }
    channels.value = found;
  }
  const soon = (): void => {
    clearTimeout(again);
    again = setTimeout(() => void look().catch(() => undefined), gather);
  };
  live.on(['message.create'], (event: TypedEvent) => {
    if (event.type !== 'message.create' || event.by?.handle === me.handle || event.channel === undefined)
      return soon();
    // Whether it calls this member is told by the next look.
    put(event.channel, (before) => withMessage(before, event.subject, event.at, false));
    soon();
  });
  live.on(['mark.set', 'revised', 'gap'], soon);
  void look().catch(() => undefined);

  return {
    channels,
    seen(operations) {
      const fresh = operations.filter((one) => !told.has(one));
      if (fresh.length === 0) return;
      for (const one of fresh) {
        told.add(one);
        waiting.add(one);
      }
      const seen = new Set(fresh);
      const next = new Map(channels.value);
      for (const [id, before] of next) {
        const ids = new Set([...before.ids].filter((one) => !seen.has(one)));
        const gone = before.ids.size - ids.size;
        const others = before.others.filter((one) => !seen.has(one));
        if (gone > 0 || others.length !== before.others.length)
          next.set(id, { ...before, ids, others, messages: Math.max(0, before.messages - gone) });
      }
      channels.value = next;
      clearTimeout(tell);
      tell = setTimeout(() => {
        const all = [...waiting];
        waiting.clear();
        for (let at = 0; at < all.length; at += atOnce)
          door.acknowledge({ operations: all.slice(at, at + atOnce) }).then(soon, () => {
            // It is told again with what is seen next.
            for (const one of all) told.delete(one);
          });
      }, telling);
    },
  };
}

const begun = new WeakMap<App, Unreads>();

export function useUnreads(): Unreads {
  const app = useApp();
  const there = begun.get(app) ?? begin(app);
  begun.set(app, there);
  return there;
}
