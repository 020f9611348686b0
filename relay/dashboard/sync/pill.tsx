import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useApp } from '../app/context.ts';

const asked = 5_000;

/** Whether what is shown is of now. */
export function SyncPill() {
  const { door } = useApp();
  const since = useSignal<number | undefined>(undefined);
  useEffect(() => {
    const look = (): void =>
      void door.waiting().then(
        () => {
          since.value = undefined;
        },
        () => {
          since.value ??= Date.now();
        },
      );
    look();
    const timer = setInterval(look, asked);
    return () => clearInterval(timer);
  }, [door]);
  return (
    <p class="pill" role="status">
      {since.value === undefined ? 'live' : `offline since ${new Date(since.value).toLocaleTimeString()}`}
    </p>
  );
}
