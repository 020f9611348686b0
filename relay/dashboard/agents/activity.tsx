import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ActivityItem } from '../../../schemas/index.ts';
import { useApp } from '../app/context.ts';
import { attempt } from '../app/notices.ts';
import { go, href } from '../app/router.ts';
import { When } from '../parts/when.tsx';

const kinds = ['message.*', 'task.*', 'claim.*', 'memory.*', 'member.*', 'channel.*'] as const;

/** What happened, newest first; runs of one kind by one member are one line. */
export function ActivityPage({ query }: { readonly query: URLSearchParams }) {
  const { door, live } = useApp();
  const types = query.get('types') ?? undefined;
  const members = query.get('by') ?? undefined;
  const items = useSignal<readonly ActivityItem[]>([]);
  const next = useSignal<string | undefined>(undefined);
  const fresh = useSignal(0);
  async function load(cursor?: string): Promise<void> {
    const page = await attempt(() => door.activity({ types, members, limit: 60, cursor }));
    if (!page) return;
    items.value = cursor === undefined ? page.items : [...items.value, ...page.items];
    next.value = page.next;
    if (cursor === undefined) fresh.value = 0;
  }
  useEffect(() => {
    void load();
    return live.on([types ?? '*'], () => {
      fresh.value += 1;
    });
  }, [door, types, members]);
  return (
    <section class="page" aria-label="Activity">
      <h1>Activity</h1>
      <p class="row filters">
        <label>
          What{' '}
          <select
            value={types ?? ''}
            onChange={(event) =>
              go(href(['activity'], { types: event.currentTarget.value || undefined, by: members }))
            }
          >
            <option value="">everything</option>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {kind.slice(0, -2)}
              </option>
            ))}
          </select>
        </label>
        {fresh.value > 0 ? (
          <button type="button" onClick={() => void load()}>
            {fresh.value} new
          </button>
        ) : null}
      </p>
      <ol class="results">
        {items.value.map((item) => (
          <li key={item.operation}>
            <b>{item.by?.handle ?? 'a replica'}</b> {item.type}
            {item.run ? ` × ${item.run.count}` : ''}{' '}
            <span class="soft">
              <When at={item.at} />
            </span>
            <p>{(item.body?.['title'] ?? item.body?.['text'] ?? '').slice(0, 160)}</p>
          </li>
        ))}
      </ol>
      {next.value === undefined ? null : (
        <button type="button" onClick={() => void load(next.value)}>
          More
        </button>
      )}
    </section>
  );
}
