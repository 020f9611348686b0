import type { InboxItem } from '../../../schemas/index.ts';
import type { App } from '../app/context.ts';
import { href } from '../app/router.ts';
import { placeOf } from '../inbox/place.ts';
import { choices, isQuiet, levelOf } from './choices.ts';

/** What is told of at most is so long. */
const longest = 160;

/** Of all tabs one tells: the one that gets this lock. */
const lock = 'coterie-notify';

function show(title: string, body: string, to: string, tag: string): void {
  if (document.visibilityState === 'visible' || Notification.permission !== 'granted') return;
  // One of the same tag takes the place of the other: nothing is told twice.
  const shown = new Notification(title, { body: body.slice(0, longest), tag });
  shown.onclick = () => {
    window.focus();
    location.hash = to;
    shown.close();
  };
}

/** Tells the person, by the system's notifications, of what comes while no tab is looked at. Returns what ends that. */
export function watch(app: App): () => void {
  if (typeof Notification !== 'function') return () => undefined;
  const { door, live, me } = app;
  const ending = new AbortController();
  let known: Set<string> | undefined;
  let off = (): void => undefined;

  function told(item: InboxItem): void {
    show(`${item.by?.handle ?? 'Coterie'} needs you`, item.text, placeOf(item), item.id);
  }
  async function look(): Promise<void> {
    const { items } = await door.inbox({ limit: 100 });
    const before = known;
    known = new Set(items.map(({ id }) => id));
    if (!before || isQuiet(choices.value, Date.now())) return;
    for (const item of items) if (!before.has(item.id)) told(item);
  }
  function begin(): void {
    void look().catch(() => undefined);
    const timer = setInterval(() => void look().catch(() => undefined), 2_000);
    const forget = live.on(['message.create'], (event) => {
      if (event.type !== 'message.create' || event.by?.handle === me.handle) return;
      if (event.channel === undefined || levelOf(event.channel) !== 'all') return;
      if (isQuiet(choices.value, Date.now())) return;
      show(
        event.by?.handle ?? 'Coterie',
        event.body?.['text'] ?? '',
        href(['m', event.subject]),
        event.subject,
      );
    });
    off = () => {
      clearInterval(timer);
      forget();
    };
  }
  navigator.locks
    .request(lock, { signal: ending.signal }, async () => {
      begin();
      await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
      off();
    })
    .catch(() => undefined);
  return () => ending.abort();
}
