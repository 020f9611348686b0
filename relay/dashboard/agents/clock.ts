import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Presence is in no feed: it is looked at so often, ms. */
const each = 5_000;

/** Counts on while the page is seen. */
export function usePresenceClock(): ReadonlySignal<number> {
  const clock = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') clock.value += 1;
    }, each);
    return () => clearInterval(timer);
  }, []);
  return clock;
}
