import './inbox.css';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CatchUp, Inbox, InboxItem } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { addKey } from '../app/keys.ts';
import { attempt } from '../app/notices.ts';
import { go } from '../app/router.ts';
import { useLive } from '../app/use-live.ts';
import { When } from '../parts/when.tsx';
import { lookAgain, useWaiting } from './count.ts';
import { placeOf } from './place.ts';

const words: Readonly<Record<InboxItem['kind'], string>> = {
  direct: 'wrote to you',
  mention: 'mentioned you',
  group: 'called a group of yours',
  reply: 'answered you',
  followed: 'answered in a thread that you follow',
  review: 'wants your review',
  assigned: 'gave you a task',
  lost: 'holds what you had claimed',
  conflict: 'wrote the same apart from you',
  overlap: 'reserved paths that you have reserved',
  duplicate: 'made something of the same name',
  rejected: 'does not count',
  counted: 'counts after all',
};

/** What happened while nobody looked: counted where it is much. */
function Away({ digest }: { readonly digest: CatchUp }) {
  const ranges = digest.items.filter((item) => item.kind === 'range');
  const single = digest.items.filter((item) => item.kind === 'operation');
  const byChannel = new Map<string, number>();
  for (const { event } of single) byChannel.set(event.log, (byChannel.get(event.log) ?? 0) + 1);
  if (digest.pending === 0) return <p class="soft">Nothing happened since you looked last.</p>;
  return (
    <section aria-label="While you were away" class="away">
      <h2>While you were away</h2>
      <p>
        {digest.pending} {digest.pending === 1 ? 'change' : 'changes'} that you have not seen
        {digest.left > 0 ? `; ${digest.left} of them are not listed here and stay unread` : ''}.
      </p>
      <ul>
        {ranges.map((range) => (
          <li key={`${range.log} ${range.from}`}>
            <b>{range.name}</b>: {range.count} from <When at={range.from} /> to <When at={range.to} />
            {range.headlines.length > 0 ? <span class="soft"> {range.headlines.join(' · ')}</span> : null}
          </li>
        ))}
        {single.slice(0, 12).map(({ event, text }) => (
          <li key={event.operation}>
            <b>{event.by?.handle ?? 'a replica'}</b> {event.type} <When at={event.at} />{' '}
            <span class="soft">
              {(text ?? event.body?.['text'] ?? event.body?.['title'] ?? '').slice(0, 120)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One inbox of everything that waits for the person, and what happened meanwhile. */
export function InboxPage() {
  const { door } = useApp();
  const at = useSignal(0);
  const { value, error, reload } = useLive<Inbox>(() => door.inbox({ limit: 200 }), ['*']);
  const waiting = useWaiting().value;
  const digest = useLive<CatchUp>(() => door.catchUp({ budget: 6_000 }), ['mark.set']);
  const items = value.value?.items ?? [];
  const now = Math.min(at.value, Math.max(0, items.length - 1));

  async function acknowledge(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await attempt(() => door.acknowledge({ items: [...ids] }));
    reload();
    lookAgain();
  }
  // It also comes up, and goes, without an event.
  useEffect(() => reload(), [waiting]);
  useEffect(() => {
    const step = (by: number): void => {
      at.value = Math.max(0, Math.min(items.length - 1, now + by));
    };
    const added = [
      addKey({ key: 'j', what: 'Next', run: () => step(1) }),
      addKey({ key: 'k', what: 'Before', run: () => step(-1) }),
      addKey({
        key: 'e',
        what: 'Acknowledge',
        run() {
          const one = items[now];
          if (one) void acknowledge([one.id]);
        },
      }),
      addKey({ key: 'E', what: 'Acknowledge all', run: () => void acknowledge(items.map(({ id }) => id)) }),
      addKey({
        key: 'Enter',
        what: 'Open',
        run() {
          const one = items[now];
          if (one) go(placeOf(one));
        },
      }),
    ];
    return () => {
      for (const end of added) end();
    };
  }, [items, now]);

  return (
    <section class="page" aria-label="Needs you">
      <h1>Needs you{items.length > 0 ? ` (${value.value?.open ?? items.length})` : ''}</h1>
      {error.value ? <p class="trouble">{error.value.message}</p> : null}
      {value.value && items.length === 0 ? <p>Nothing waits for you.</p> : null}
      <ul class="inbox">
        {items.map((item, index) => (
          <li key={item.id} class={index === now ? 'focused' : undefined} aria-current={index === now}>
            <div>
              <b>{item.by?.handle ?? 'A replica'}</b> {words[item.kind]}{' '}
              {item.place === undefined ? '' : `in ${item.place} `}
              <When at={item.at} />
              <p>{item.text}</p>
            </div>
            <a href={placeOf(item)}>Open</a>
            <button type="button" onClick={() => void acknowledge([item.id])}>
              Done
            </button>
          </li>
        ))}
      </ul>
      {digest.value.value ? (
        <>
          <Away digest={digest.value.value} />
          {digest.value.value.pending > 0 ? (
            <button
              type="button"
              onClick={() =>
                void attempt(() => door.acknowledge({ receipt: digest.value.value?.receipt })).then(() => {
                  digest.reload();
                  reload();
                  lookAgain();
                })
              }
            >
              I have seen this
            </button>
          ) : null}
        </>
      ) : null}
    </section>
  );
}
