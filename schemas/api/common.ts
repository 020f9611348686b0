import { z } from 'zod';
import { limits } from '../limits.ts';

/** A member wherever it is named. */
export const Person = z.strictObject({ id: z.string(), handle: z.string(), name: z.string() });
export type Person = z.infer<typeof Person>;

/** ISO 8601, UTC, milliseconds. */
export const Time = z.iso.datetime();

/**
 * Causal heads of a subject, as read; a write may send them back as `base`. Made apart there can be more of them than an
 * operation names: whoever writes then ties them together first.
 */
export const Base = z.array(z.string()).max(8 * limits.heads);

/** Two or more values that were written apart; the first is the one that shows. */
export const Siblings = z.array(
  z.strictObject({ value: z.unknown(), by: Person, at: Time, operation: z.string() }),
);

/** Who removed the text, and when. */
export const Removed = z.strictObject({ by: Person, at: Time });

export const ImportedView = z.strictObject({ source: z.string(), by: Person });

/** Ask for a page. */
export const page = {
  limit: z.coerce.number().int().min(1).max(limits.pageSize).optional(),
  /** The `next` of the answer before. */
  cursor: z.string().max(512).optional(),
};

/** `next` is absent on the last page. */
export const list = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next: z.string().optional() });

export interface List<T> {
  items: T[];
  next?: string | undefined;
}
