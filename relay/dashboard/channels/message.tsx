import { useSignal } from '@preact/signals';
import type { Message } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { href } from '../app/router.ts';
import { Composer } from '../composer/composer.tsx';
import { keepDraft } from '../composer/drafts.ts';
import { Text } from '../markdown/text.tsx';
import { ReachOf } from '../outbox/state.tsx';
import { When } from '../parts/when.tsx';
import { AskRedact, copyLink, ReactPicker, TaskOf, Versions } from './actions.tsx';

/** What can be done with a message; keys do the same. */
export type MessageAct =
  | 'reply'
  | 'edit'
  | 'react'
  | 'pin'
  | 'quote'
  | 'task'
  | 'unread'
  | 'link'
  | 'history'
  | 'remove';

/** What is open over a message. */
export type Opened = 'edit' | 'react' | 'history' | 'remove' | 'task' | undefined;

const names: Readonly<Record<MessageAct, readonly [name: string, key: string]>> = {
  reply: ['Reply in thread', 'r'],
  react: ['React', '+'],
  quote: ['Quote', 'q'],
  task: ['Make it a task', 't'],
  edit: ['Edit', 'e'],
  pin: ['Pin or unpin', 'p'],
  unread: ['Mark unread from here', 'u'],
  link: ['Copy link', 'c'],
  history: ['Versions', 'h'],
  remove: ['Remove the text', 'Delete'],
};

export const messageActs = Object.entries(names) as [MessageAct, readonly [string, string]][];

function Reactions({ message }: { readonly message: Message }) {
  const { door, me } = useApp();
  const { reactions = [] } = message;
  if (reactions.length === 0) return null;
  return (
    <ul class="reactions" aria-label="Reactions">
      {reactions.map(({ emoji, members }) => {
        const isMine = members.some(({ handle }) => handle === me.handle);
        const who = members.map(({ handle }) => handle).join(', ');
        return (
          <li key={emoji}>
            <button
              type="button"
              aria-pressed={isMine}
              title={who}
              aria-label={`${emoji} by ${who}`}
              onClick={() =>
                void attempt(() =>
                  isMine ? door.messages.unreact(message.id, emoji) : door.messages.react(message.id, emoji),
                )
              }
            >
              {emoji} {members.length}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Everything under the text of a message. */
function Foot({ message }: { readonly message: Message }) {
  const { me } = useApp();
  const { id, replies = 0, edits, pinned, resolved } = message;
  return (
    <>
      <Reactions message={message} />
      {replies > 0 ? (
        <a class="replies" href={href(['thread', id])}>
          {replies} {replies === 1 ? 'reply' : 'replies'}
          {resolved ? ' · resolved' : ''}
        </a>
      ) : null}
      {pinned || edits || message.author.handle === me.handle ? (
        <p class="about-message">
          {pinned ? <span>📌 pinned</span> : null}
          {edits ? (
            <span>
              edited <When at={edits.at} />
            </span>
          ) : null}
          {message.author.handle === me.handle ? <ReachOf id={id} /> : null}
        </p>
      ) : null}
    </>
  );
}

/** One message with what can be done with it. `head`: with its author and time, which a run of one author has once. */
export function MessageRow({
  message,
  head,
  focused,
  opened,
  onOpen,
  onAct,
}: {
  readonly message: Message;
  readonly head: boolean;
  readonly focused: boolean;
  readonly opened: Opened;
  readonly onOpen: (opened: Opened) => void;
  readonly onAct: (act: MessageAct) => void;
}) {
  const { door } = useApp();
  const menu = useSignal(false);
  const { id, author, text, at, imported, siblings } = message;
  const close = (): void => onOpen(undefined);
  return (
    <article
      class={`message${focused ? ' focused' : ''}${head ? ' head' : ''}`}
      aria-label={`${author.handle}: ${(text ?? 'removed').slice(0, 60)}`}
      data-id={id}
    >
      {head ? (
        <header>
          <a class="author" href={href(['agents'], { who: author.handle })}>
            {author.name === '' ? author.handle : author.name}
          </a>{' '}
          {author.name === '' || author.name === author.handle ? null : (
            <span class="soft">@{author.handle} </span>
          )}
          <When at={at} />
          {imported ? <span class="soft"> from {imported.source}</span> : null}
        </header>
      ) : null}
      {opened === 'edit' && text !== null ? (
        <Composer
          label="Edit the message"
          draftKey={`edit.${id}`}
          action="Save"
          autofocus
          onSend={async (changed) => {
            await door.messages.edit(id, { text: changed, base: [...message.base] });
            close();
          }}
        />
      ) : text === null ? (
        <p class="soft">
          <em>The text was removed{message.removed ? ` by ${message.removed.by.handle}` : ''}.</em>
        </p>
      ) : (
        <Text text={text} />
      )}
      {siblings?.['text'] ? (
        <p class="soft" role="note">
          Edited apart by {siblings['text'].map(({ by }) => by.handle).join(' and ')}: edit it to say what
          holds.
        </p>
      ) : null}
      <Foot message={message} />
      <div class="acts">
        <button type="button" aria-label="React" title="React (+)" onClick={() => onAct('react')}>
          ☺
        </button>
        <button type="button" aria-label="Reply in thread" title="Reply (r)" onClick={() => onAct('reply')}>
          ↩
        </button>
        <button
          type="button"
          aria-label="More"
          aria-expanded={menu.value}
          onClick={() => {
            menu.value = !menu.value;
          }}
        >
          ⋯
        </button>
        {menu.value ? (
          <div class="menu">
            {messageActs.map(([act, [name, key]]) => (
              <button
                type="button"
                key={act}
                onClick={() => {
                  menu.value = false;
                  onAct(act);
                }}
              >
                {name} <kbd>{key}</kbd>
              </button>
            ))}
          </div>
        ) : null}
      </div>
      {opened === 'react' ? (
        <ReactPicker
          onClose={close}
          onPick={(sign) => {
            close();
            void attempt(() => door.messages.react(id, sign));
          }}
        />
      ) : null}
      {opened === 'history' ? <Versions id={id} onClose={close} /> : null}
      {opened === 'task' ? <TaskOf message={message} onClose={close} /> : null}
      {opened === 'remove' ? <AskRedact message={message} onClose={close} /> : null}
    </article>
  );
}

/** Does what needs nothing of the page around the message; true where that was all. */
export function useMessageActs(onOpen: (id: string, opened: Opened) => void) {
  const { door } = useApp();
  return (message: Message, act: MessageAct): boolean => {
    const { id, text, pinned } = message;
    if (act === 'pin') void attempt(() => door.messages.flag(id, { pinned: pinned !== true }));
    else if (act === 'link') copyLink(id);
    else if (act === 'react' || act === 'history' || act === 'remove' || act === 'task') onOpen(id, act);
    else if (act === 'edit') {
      if (text !== null) keepDraft(`edit.${id}`, text);
      onOpen(id, 'edit');
    } else return false;
    return true;
  };
}
