import { signal } from '@preact/signals';

/** A word to the person that goes away by itself, or by a click. */
export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'done';
  readonly text: string;
}

export const notices = signal<readonly Notice[]>([]);
let count = 0;
const shownFor = 8_000;

export function dismiss(id: number): void {
  notices.value = notices.value.filter((one) => one.id !== id);
}

export function tell(kind: Notice['kind'], text: string): void {
  count += 1;
  const id = count;
  notices.value = [...notices.value.slice(-4), { id, kind, text }];
  setTimeout(() => dismiss(id), shownFor);
}

export const failed = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/** What a person is told of an error: what went wrong, and what may help. */
export function said(cause: unknown): string {
  const error = failed(cause);
  const hint = 'hint' in error && typeof error.hint === 'string' ? ` ${error.hint}` : '';
  return `${error.message}${hint}`;
}

/** Does something a person asked for, and says so where it fails. Resolves to undefined then. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    tell('error', said(cause));
    return undefined;
  }
}
