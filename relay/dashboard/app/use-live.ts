import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Pattern } from '../door/live.ts';
import { useApp } from './context.ts';
import { failed } from './notices.ts';

/** Something that is read from the workspace and read again when it may have changed. */
export interface LiveValue<T> {
  /** Undefined until it was read once. */
  readonly value: ReadonlySignal<T | undefined>;
  /** Why the last reading failed; what was read before stays. */
  readonly error: ReadonlySignal<Error | undefined>;
  /** Reads it again now. */
  reload(): void;
}

/**
 * Reads something now, when `inputs` change, and after each event of these types. One reading is under way at a time; what
 * happens meanwhile leads to one more.
 */
export function useLive<T>(
  load: (signal: AbortSignal) => Promise<T>,
  patterns: readonly Pattern[],
  inputs: readonly unknown[] = [],
): LiveValue<T> {
  const { live } = useApp();
  const value = useSignal<T | undefined>(undefined);
  const error = useSignal<Error | undefined>(undefined);
  const state = useMemo(() => ({ reload: (): void => undefined, of: '' }), []);
  const asked = JSON.stringify(inputs);
  useEffect(() => {
    const ending = new AbortController();
    let busy = false;
    let again = false;
    async function read(): Promise<void> {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        const loaded = await load(ending.signal);
        if (!ending.signal.aborted) {
          value.value = loaded;
          error.value = undefined;
        }
      } catch (cause) {
        if (!ending.signal.aborted) error.value = failed(cause);
      }
      busy = false;
      if (again && !ending.signal.aborted) {
        again = false;
        void read();
      }
    }
    state.reload = () => void read();
    // What is shown stays where the same is read through another door.
    if (state.of !== asked) value.value = undefined;
    state.of = asked;
    void read();
    const forget = live.on(patterns, () => void read());
    return () => {
      ending.abort();
      forget();
    };
  }, [live, patterns.join(), asked]);
  return useMemo(() => ({ value, error, reload: () => state.reload() }), []);
}
