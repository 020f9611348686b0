import './page.css';
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Message } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { addKey } from '../app/keys.ts';
import { attempt } from '../app/notices.ts';
import { go, href } from '../app/router.ts';
import { Composer } from '../composer/composer.tsx';
import { addToDraft } from '../composer/drafts.ts';
import { useOutbox } from '../outbox/outbox.ts';
import { useReaches } from '../outbox/reach.ts';
import { WaitingMessages } from '../outbox/waiting.tsx';
import { LongList, type LongListHandle } from '../parts/long-list.tsx';
import { quoteOf } from './actions.tsx';
import { type Feed, openFeed } from './feed.ts';
import { titleOf } from './list.tsx';
import { type MessageAct, MessageRow, messageActs, type Opened, useMessageActs } from './message.tsx';
import { Pins } from './pins.tsx';
import { allRead, useUnreads } from './unread.ts';

const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' });
const dayOf = (at: string): string => dayFormat.format(new Date(at));
/** Messages of one author within so long need one head, ms. */
const run = 5 * 60_000;
/** So near to an end more is read, pixels. */
const near = 600;
/** So far from the end somebody still reads the end, pixels. */
const atEnd = 40;

interface Line {
  readonly message: Message;
  readonly day: string | undefined;
  readonly head: boolean;
  readonly unread: boolean;
}

function linesOf(messages: readonly Message[], unreadFrom: string | undefined, me: string): Line[] {
  let before: Message | undefined;
  let isMarked = false;
  return messages.map((message) => {
    const day = dayOf(message.at);
    const isNewDay = before === undefined || dayOf(before.at) !== day;
    const unread =
      !isMarked && unreadFrom !== undefined && message.at >= unreadFrom && message.author.handle !== me;
    if (unread) isMarked = true;
    const head =
      isNewDay ||
      unread ||
      before?.author.id !== message.author.id ||
      Date.parse(message.at) - Date.parse(before.at) > run;
    before = message;
    return { message, day: isNewDay ? day : undefined, head, unread };
  });
}

/** One channel: its messages, and a place to write one. */
export function ChannelPage({
  path,
  query,
}: {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}) {
  const { through } = useApp();
  const name = path[0] ?? 'general';
  const around = query.get('at') ?? undefined;
  return (
    <Channel
      key={`${through} ${name} ${around ?? ''}`}
      name={name}
      around={around}
      focus={query.get('focus') ?? undefined}
    />
  );
}

function Channel({
  name,
  around,
  focus,
}: {
  readonly name: string;
  readonly around: string | undefined;
  readonly focus: string | undefined;
}) {
  const app = useApp();
  const { me } = app;
  const feed = useMemo<Feed>(() => openFeed(app, name, around), [app, name, around]);
  useEffect(() => () => feed.close(), [feed]);
  const unreads = useUnreads();
  const outbox = useOutbox();
  const reaches = useReaches();
  const list = useRef<LongListHandle>(null);
  const focused = useSignal<string | undefined>(focus);
  const opened = useSignal<{ readonly id: string; readonly what: Opened }>({ id: '', what: undefined });
  /** Where the unread line is: it stays while the channel is looked at. */
  const line = useSignal<string | undefined>(undefined);
  /** From here on nothing is marked as read: somebody wanted it unread. */
  const keep = useSignal<string | undefined>(undefined);
  const isDown = useSignal(true);
  const older = useSignal(false);

  const channel = feed.channel.value;
  const messages = feed.messages.value.filter(({ thread }) => thread === undefined);
  const lines = linesOf(messages, keep.value ?? line.value, me.handle);
  const unread = channel ? (unreads.channels.value.get(channel.id) ?? allRead) : allRead;
  if (line.value === undefined && unread.since !== undefined) line.value = unread.since;

  /** What is on the screen was seen, and nothing else. */
  function look(): void {
    const handle = list.current;
    if (!handle || document.visibilityState !== 'visible' || messages.length === 0) return;
    const from = handle.findItemIndex(handle.scrollOffset);
    const to = handle.findItemIndex(handle.scrollOffset + handle.viewportSize);
    const shown = messages
      .slice(from, to + 1)
      .filter(({ id, at }) => unread.ids.has(id) && (keep.value === undefined || at < keep.value))
      .map(({ id }) => id);
    const isAtEnd = handle.scrollSize - handle.scrollOffset - handle.viewportSize < atEnd;
    const replies = isAtEnd
      ? feed.messages.value.filter(({ id, thread }) => thread !== undefined && unread.ids.has(id))
      : [];
    const all = [...shown, ...replies.map(({ id }) => id), ...(isAtEnd ? unread.others : [])];
    if (keep.value === undefined || shown.length > 0) unreads.seen(all);
  }
  function scrolled(offset: number): void {
    const handle = list.current;
    if (!handle) return;
    const left = handle.scrollSize - offset - handle.viewportSize;
    isDown.value = left < atEnd;
    if (offset < near && feed.isOlder.value) {
      older.value = true;
      void feed.older();
    } else if (left < near && feed.isNewer.value) {
      older.value = false;
      void feed.newer();
    } else older.value = false;
    look();
  }

  // At first the end, the unread line or what was asked for is seen; then the end is kept while one is at it.
  const began = useRef(false);
  useLayoutEffect(() => {
    const handle = list.current;
    if (!handle || lines.length === 0) return;
    const to = lines.findIndex(({ message }) => message.id === focus);
    const at = to >= 0 ? to : lines.findIndex(({ unread: isFirst }) => isFirst);
    if (!began.current) {
      began.current = true;
      handle.scrollToIndex(at >= 0 ? at : lines.length - 1, { align: at >= 0 ? 'center' : 'end' });
    } else if (isDown.value) handle.scrollToIndex(lines.length - 1, { align: 'end' });
    requestAnimationFrame(look);
  }, [lines.length, messages.at(-1)?.id]);
  useEffect(() => {
    const timer = requestAnimationFrame(look);
    return () => cancelAnimationFrame(timer);
  }, [unread.ids]);
  useEffect(() => {
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  });

  const act = useMessageActs((id, what) => {
    opened.value = { id, what };
  });
  function does(message: Message, what: MessageAct): void {
    if (act(message, what)) return;
    if (what === 'reply') go(href(['thread', message.thread ?? message.id]));
    else if (what === 'quote') addToDraft(`c.${name}`, quoteOf(message));
    else if (what === 'unread') {
      keep.value = message.at;
      line.value = message.at;
    }
  }
  useEffect(() => {
    const step = (by: number) => (): void => {
      const now = lines.findIndex(({ message }) => message.id === focused.value);
      const to = Math.min(lines.length - 1, Math.max(0, now < 0 ? lines.length - 1 : now + by));
      focused.value = lines[to]?.message.id;
      list.current?.scrollToIndex(to, { align: 'nearest' });
    };
    const added = [
      addKey({ key: 'j', what: 'Next message', run: step(1) }),
      addKey({ key: 'k', what: 'Message before', run: step(-1) }),
      ...messageActs.map(([what, [words, key]]) =>
        addKey({
          key,
          what: words,
          run() {
            const one = lines.find(({ message }) => message.id === focused.value);
            if (one) does(one.message, what);
          },
        }),
      ),
    ];
    return () => {
      for (const end of added) end();
    };
  }, [lines]);

  async function send(text: string): Promise<void> {
    isDown.value = true;
    keep.value = undefined;
    const posted = await outbox.post(name, text);
    if (!posted) return;
    reaches.stored(posted.id);
    feed.put(posted);
    const nobody = (posted.reaches ?? []).filter(({ status }) => status === 'unknown');
    if (nobody.length > 0)
      void attempt(() =>
        Promise.reject(new Error(`Nobody is called ${nobody.map(({ handle }) => `@${handle}`).join(', ')}.`)),
      );
  }

  return (
    <section class="channel" aria-label={`Channel ${name}`}>
      <header class="channel-head">
        <h1>{channel ? `${channel.direct ? '@' : '#'} ${titleOf(channel, me.handle)}` : `# ${name}`}</h1>
        <p class="topic">{channel?.topic}</p>
        <Pins messages={messages} />
      </header>
      {feed.error.value ? (
        <p class="trouble" role="alert">
          {feed.error.value.message}{' '}
          <button type="button" onClick={() => void feed.toEnd()}>
            Try again
          </button>
        </p>
      ) : null}
      <div class="messages" role="log" aria-label={`Messages of ${name}`} aria-live="polite">
        <LongList handle={list} shift={older.value} onScroll={scrolled}>
          {lines.map(({ message, day, head, unread: isFirst }) => (
            <div key={message.id}>
              {day === undefined ? null : (
                <p class="day">
                  <span>{day}</span>
                </p>
              )}
              {isFirst ? (
                <p class="unread-line">
                  <span>unread</span>
                </p>
              ) : null}
              <MessageRow
                message={message}
                head={head}
                focused={focused.value === message.id}
                opened={opened.value.id === message.id ? opened.value.what : undefined}
                onOpen={(what) => {
                  opened.value = { id: message.id, what };
                }}
                onAct={(what) => does(message, what)}
              />
            </div>
          ))}
        </LongList>
        {isDown.value && !feed.isNewer.value ? null : (
          <button
            type="button"
            class="to-end"
            onClick={() => {
              isDown.value = true;
              if (feed.isNewer.value) void feed.toEnd();
              else list.current?.scrollToIndex(lines.length - 1, { align: 'end' });
            }}
          >
            To the newest ↓
          </button>
        )}
      </div>
      <WaitingMessages channel={name} />
      <Composer label={`Message to ${name}`} draftKey={`c.${name}`} onSend={send} />
    </section>
  );
}
