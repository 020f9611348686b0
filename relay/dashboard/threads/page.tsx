import '../channels/page.css';
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Message, Thread } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { go, href } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import { quoteOf } from '../channels/actions.tsx';
import { type MessageAct, MessageRow, type Opened, useMessageActs } from '../channels/message.tsx';
import { useUnreads } from '../channels/unread.ts';
import { Composer } from '../composer/composer.tsx';
import { addToDraft } from '../composer/drafts.ts';
import type { Door } from '../door/door.ts';
import { useOutbox } from '../outbox/outbox.ts';
import { useReaches } from '../outbox/reach.ts';
import { WaitingMessages } from '../outbox/waiting.tsx';

type Whole = Thread & { readonly name: string };

async function wholeThread(door: Door, id: string): Promise<Whole> {
  const first = await door.messages.thread(id, { limit: 200 });
  const items = [...first.items];
  let { next } = first;
  while (next !== undefined) {
    const page = await door.messages.thread(id, { limit: 200, cursor: next });
    items.push(...page.items);
    ({ next } = page);
  }
  const { name } = await door.channels.get(first.root.channel);
  return { ...first, items, name };
}

/** One thread: its first message, the replies, and a place to answer. */
export function ThreadPage({
  path,
  query,
}: {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}) {
  const { door } = useApp();
  const id = path[0] ?? '';
  const focus = query.get('focus');
  const unreads = useUnreads();
  const outbox = useOutbox();
  const reaches = useReaches();
  const opened = useSignal<{ readonly id: string; readonly what: Opened }>({ id: '', what: undefined });
  const end = useRef<HTMLDivElement>(null);
  const { value, error, reload } = useLive(
    () => wholeThread(door, id),
    ['message.*', 'thread.*', 'redact', 'revised'],
    [id],
  );
  const thread = value.value;
  const all = thread ? [thread.root, ...thread.items] : [];
  useEffect(() => {
    const shown = unreads.channels.value.get(thread?.root.channel ?? '');
    if (document.visibilityState === 'visible')
      unreads.seen(all.filter((one) => shown?.ids.has(one.id)).map((one) => one.id));
  }, [all.length, unreads.channels.value]);
  useLayoutEffect(() => {
    const at = focus === null ? undefined : document.querySelector(`[data-id="${CSS.escape(focus)}"]`);
    (at ?? end.current)?.scrollIntoView({ block: 'nearest' });
  }, [all.length]);
  const act = useMessageActs((one, what) => {
    opened.value = { id: one, what };
  });
  function does(message: Message, what: MessageAct): void {
    if (act(message, what)) return;
    if (what === 'quote') addToDraft(`thread.${id}`, quoteOf(message));
    else document.querySelector<HTMLTextAreaElement>('.channel .composer textarea')?.focus();
  }
  if (error.value && !thread) return <p class="page trouble">{error.value.message}</p>;
  if (!thread) return <p class="page soft">Loading …</p>;
  const { root, following, name } = thread;
  return (
    <section class="channel" aria-label="Thread">
      <header class="channel-head">
        <h1>
          <a href={href(['c', name], { at: root.at, focus: root.id })}># {name}</a> › thread
        </h1>
        <label class="row">
          <span class="hidden">What you are told of this thread</span>
          <select
            value={following}
            onChange={(event) => {
              const wanted = event.currentTarget.value as Thread['following'];
              void attempt(() => door.messages.flag(root.id, { following: wanted })).then(reload);
            }}
          >
            <option value="follow">Follow: every reply</option>
            <option value="default">Answers to me</option>
            <option value="mute">Mute</option>
          </select>
        </label>
        <button
          type="button"
          aria-pressed={root.resolved === true}
          onClick={() =>
            void attempt(() => door.messages.flag(root.id, { resolved: root.resolved !== true })).then(reload)
          }
        >
          {root.resolved ? '✓ Resolved' : 'Resolve'}
        </button>
        <button type="button" class="plain" aria-label="Close" onClick={() => go(href(['c', name]))}>
          ✕
        </button>
      </header>
      <div class="messages thread" role="log" aria-label="Messages of the thread">
        {all.map((message, at) => (
          <MessageRow
            key={message.id}
            message={message}
            head
            focused={message.id === focus || (at === 0 && focus === null)}
            opened={opened.value.id === message.id ? opened.value.what : undefined}
            onOpen={(what) => {
              opened.value = { id: message.id, what };
            }}
            onAct={(what) => does(message, what)}
          />
        ))}
        <div ref={end} />
      </div>
      <WaitingMessages channel={name} thread={id} />
      <Composer
        label="Reply in the thread"
        draftKey={`thread.${id}`}
        autofocus
        onSend={async (text) => {
          const posted = await outbox.post(name, text, id);
          if (posted) reaches.stored(posted.id);
          reload();
        }}
      />
    </section>
  );
}
