import type { Person } from '../../../schemas/index.ts';
import { ago } from '../../cli/show/time.ts';
import type { Call } from '../tool.ts';

export { clean, counted, oneLine } from '../../cli/show/terminal.ts';

/** What showing needs. */
export type Showing = Pick<Call, 'shorts' | 'now'>;

export const who = (person: Person | null): string => person?.handle ?? 'a replica';

/** An id as it is shown: `[qgk7v2]`, or by the name that people call it. */
export const id = (whole: string, { shorts }: Showing): string =>
  shorts.named(whole) ?? `[${shorts.of(whole)}]`;

export const when = (time: string, { now }: Showing): string => ago(time, now);

/** Parts that are there, a space between them. */
export const words = (...parts: readonly (string | false | null | undefined)[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join(' ');

/** Lines that are there. */
export const lines = (...parts: readonly (string | false | null | undefined)[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join('\n');

/** The lines of a text after the first, moved to the right, so that a thing ends where the next begins. */
export const hanging = (text: string): string => text.replace(/\n/g, '\n  ');

/** Only what is there: absent, null and empty say nothing that is worth a token. */
export function brief(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const says = (value: unknown): boolean =>
    value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => says(value)));
}

/** How to go on. */
export const next = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : `more: cursor ${cursor}`;
