import type { Header } from '../../schemas/index.ts';

// An operation's data was checked against its schema before it is folded. These readers still believe nothing: a
// field of another type reads as absent, so that a fold is total on any input.

type Data = Header['data'];

/** A field's own value: never one that every object inherits. */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

export function textOf(data: Data, field: string): string | undefined {
  const value = own(data, field);
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(data: Data, field: string): number | undefined {
  const value = own(data, field);
  return typeof value === 'number' ? value : undefined;
}

export function flagOf(data: Data, field: string): boolean | undefined {
  const value = own(data, field);
  return typeof value === 'boolean' ? value : undefined;
}

/** The strings of a list; empty when there is none. */
export function listOf(data: Data, field: string): readonly string[] {
  const value = own(data, field);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function recordsOf(data: Data, field: string): readonly Data[] {
  const value = own(data, field);
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function recordOf(data: Data, field: string): Data | undefined {
  const value = own(data, field);
  return isRecord(value) ? value : undefined;
}

const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One of a closed list of words. */
export function wordOf<T extends string>(data: Data, field: string, words: readonly T[]): T | undefined {
  const value = textOf(data, field);
  return words.find((word) => word === value);
}

/** A nullable field: `null` clears, `undefined` leaves it as it is. */
export function nullable<T>(
  data: Data,
  field: string,
  read: (data: Data, field: string) => T | undefined,
): T | null | undefined {
  return own(data, field) === null ? null : read(data, field);
}
