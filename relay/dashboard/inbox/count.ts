import { type ReadonlySignal, signal } from '@preact/signals';
import { type App, useApp } from '../app/context.ts';

const begun = new WeakMap<App, ReadonlySignal<number>>();
const looks = new Set<() => void>();
/** Many events make one look, ms. */
const gather = 400;

/**
 * Acknowledging is in no feed, and an item may come up after the event of what caused it: tabs tell each other, and the
 * count, which costs next to nothing, is looked at so often, ms.
 */
const tabs = new BroadcastChannel('coterie-inbox');
const each = 2_000;
tabs.onmessage = () => {
  for (const look of looks) look();
};

/** Counts anew, in every tab: something was acknowledged here. */
export function lookAgain(): void {
  for (const look of looks) look();
  tabs.postMessage('look');
}

/** How much waits for the person, also in the title of the tab. */
export function useWaiting(): ReadonlySignal<number> {
  const app = useApp();
  const there = begun.get(app);
  if (there) return there;
  const open = signal(0);
  begun.set(app, open);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void =>
    void app.door.waiting().then(
      (found) => {
        open.value = found.open;
        document.title = document.title.replace(/^(\(\d+\) )?/, found.open > 0 ? `(${found.open}) ` : '');
      },
      () => undefined,
    );
  looks.add(look);
  setInterval(look, each);
  app.live.on(['*'], () => {
    clearTimeout(timer);
    timer = setTimeout(look, gather);
  });
  look();
  return open;
}
