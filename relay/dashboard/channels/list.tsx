import './list.css';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Channel } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { addKey } from '../app/keys.ts';
import { go, href, place } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import { hasDraft } from '../composer/drafts.ts';
import type { Door } from '../door/door.ts';
import { LongList } from '../parts/long-list.tsx';
import { NewChannel } from './new-channel.tsx';
import { allRead, useUnreads } from './unread.ts';

/** Above so many there is a box to filter them, and only those that are seen are made. */
const many = 30;

async function allChannels(door: Door): Promise<readonly Channel[]> {
  const found: Channel[] = [];
  for (const direct of [false, true]) {
    let cursor: string | undefined;
    do {
      const page = await door.channels.list({ limit: 1000, cursor, ...(direct ? { direct } : {}) });
      found.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
  }
  return found.filter(({ archived }) => !archived);
}

/** What a channel is called: a direct conversation by those who are in it. */
export const titleOf = ({ name, direct }: Pick<Channel, 'name' | 'direct'>, me: string): string =>
  direct
    ? direct
        .map(({ handle }) => handle)
        .filter((one) => one !== me)
        .join(', ') || name
    : name;

/** The channels of the side bar, with what is unread in each. */
export function ChannelList() {
  const { door, me } = useApp();
  const unreads = useUnreads();
  const filter = useSignal('');
  const making = useSignal(false);
  const { value } = useLive(() => allChannels(door), ['channel.*']);
  const { path } = place.value;
  const all = value.value ?? [];
  const word = filter.value.trim().toLowerCase();
  const shown = word === '' ? all : all.filter((one) => titleOf(one, me.handle).toLowerCase().includes(word));
  const unreadOf = (id: string) => unreads.channels.value.get(id) ?? allRead;

  useEffect(
    () =>
      addKey({
        what: 'New channel',
        run() {
          making.value = true;
        },
      }),
    [],
  );
  useEffect(
    () =>
      addKey({
        key: 'n',
        what: 'Next unread channel',
        run() {
          const at = all.findIndex(({ name }) => name === path[1]);
          const next = [...all.slice(at + 1), ...all.slice(0, at + 1)].find(({ id }) => {
            const { messages } = unreadOf(id);
            return messages > 0;
          });
          if (next) go(href(['c', next.name]));
        },
      }),
    [all, path[1], unreads.channels.value],
  );

  const row = (channel: Channel) => {
    const { id, name, direct } = channel;
    const { messages, mentions } = unreadOf(id);
    const isHere = path[0] === 'c' && path[1] === name;
    return (
      <a
        key={id}
        class={messages > 0 ? 'unread' : undefined}
        href={href(['c', name])}
        aria-current={isHere ? 'page' : undefined}
      >
        <span class="name">
          {direct ? '@' : '#'} {titleOf(channel, me.handle)}
        </span>
        {hasDraft(`c.${name}`) && !isHere ? <span title="A draft">✎</span> : null}
        {mentions > 0 ? (
          <span class="count mention" title={`${mentions} for you`}>
            {mentions}
          </span>
        ) : messages > 0 ? (
          <span class="count" title={`${messages} unread`}>
            {messages}
          </span>
        ) : null}
      </a>
    );
  };

  return (
    <section class="channel-list" aria-label="Channels">
      <h2>
        Channels{' '}
        <button
          type="button"
          class="plain"
          aria-label="New channel"
          onClick={() => {
            making.value = true;
          }}
        >
          +
        </button>
      </h2>
      {all.length > many ? (
        <input
          type="search"
          aria-label="Filter channels"
          placeholder="Filter"
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
        />
      ) : null}
      {shown.length > many ? (
        <div class="channels long">
          <LongList>{shown.map(row)}</LongList>
        </div>
      ) : (
        <div class="channels">{shown.map(row)}</div>
      )}
      {making.value ? (
        <NewChannel
          onClose={() => {
            making.value = false;
          }}
        />
      ) : null}
    </section>
  );
}
