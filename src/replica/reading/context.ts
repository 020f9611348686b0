import { CoterieError, type Hash, limits, type Person, type Stamp } from '../../../schemas/index.ts';
import type { AnyState, ChannelState, Register } from '../../fold/types.ts';
import { type Crypto, stampTime } from '../../op/index.ts';
import type { Database } from '../commit/database.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Membership } from '../ledger/membership.ts';
import { stateOf } from '../ledger/state.ts';
import { aliasKey } from '../ledger/subjects/repeats.ts';
import type { PresenceStore } from '../presence/store.ts';

/** What reading needs: committed rows and who is who. */
export interface Reading {
  readonly database: Database;
  readonly membership: Membership;
  readonly crypto: Crypto;
  readonly defaultChannel: (id: Hash) => ChannelState | undefined;
  /** The time by this replica's clock, ms. */
  readonly now: () => number;
  /** This replica. */
  readonly replica: Hash;
  readonly workspace: Hash;
  /** Who is heard of here. */
  readonly presence: Pick<PresenceStore, 'timely' | 'heard'>;
}

export const operation = (reading: Reading, hash: Hash): OperationRow | undefined =>
  reading.database.get<OperationRow>(keys.operation(hash));

/** The state of the thing that an id stands for: an alias stands for the first. */
export function thing<K extends AnyState['kind']>(
  reading: Reading,
  id: string,
  ...kinds: readonly K[]
): Extract<AnyState, { kind: K }> {
  const hash = isHash(id) ? (reading.database.get<Hash>(aliasKey(id)) ?? id) : undefined;
  const state = hash === undefined ? undefined : stateOf(reading, reading.database, hash);
  if (!state || !kinds.includes(state.kind as K))
    throw new CoterieError('not_found', `There is no ${kinds.join(' or ')} ${id}.`);
  return state as Extract<AnyState, { kind: K }>;
}

/** One text field as the operation `op` wrote it; null when it was removed or cleared. */
export function textOf(reading: Reading, op: Hash | null | undefined, field: string): string | null {
  if (!op) return null;
  return operation(reading, op)?.body?.[field] ?? null;
}

/** Which page of a list is asked for. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The page of a whole list after a cursor, and the cursor of the next one. Throws `invalid` for one of another list. */
export function pageOf<T>(
  all: readonly T[],
  { limit = limits.pageDefault, cursor }: PageQuery,
  idOf: (item: T) => string,
): { readonly page: readonly T[]; readonly more: { readonly next?: string } } {
  const at = cursor === undefined ? -1 : all.findIndex((item) => idOf(item) === cursor);
  if (cursor !== undefined && at < 0) throw unknownCursor();
  const end = at + 1 + Math.min(limit, limits.pageSize);
  const page = all.slice(at + 1, end);
  const last = page.at(-1);
  return { page, more: end < all.length && last ? { next: idOf(last) } : {} };
}

export const unknownCursor = (): CoterieError =>
  new CoterieError('invalid', 'cursor is not one of this list', {
    hint: 'Send the `next` of the page before.',
  });

/** Names a list in its cursors, so that one of another list is told from its own. */
const listName = (prefix: string): string =>
  prefix
    .split('/')
    .slice(1, -1)
    .map((part) => part.slice(0, 6).replace(/\W/g, '_'))
    .join('-');

/** Stands for `/` in a cursor. */
const slash = '~~';

/** The cursor of a list in the order of its rows, after the row of a key. */
export const cursorAfter = (prefix: string, key: string): string =>
  `${listName(prefix)}.${key.slice(prefix.length).replaceAll('/', slash)}`;

/**
 * The key that a cursor of such a list stands for. It ends in the thing that stood there, which may have moved since, but
 * is here for good: what ends in another is of another workspace, or none. Throws `invalid`.
 */
export function keyOfCursor(reading: Reading, prefix: string, cursor: string): string {
  const name = `${listName(prefix)}.`;
  const isOurs = cursor.startsWith(name) && /^[\w.~-]{1,400}$/.test(cursor);
  if (!isOurs || operation(reading, cursor.slice(-26)) === undefined) throw unknownCursor();
  return prefix + cursor.slice(name.length).replaceAll(slash, '/');
}

export const time = (ms: number): string => new Date(ms).toISOString();
/** Other programs may write any deadline; what no calendar shows is shown as the last day that one does. */
export const deadline = (ms: number): string => time(Math.min(ms, Date.UTC(9999, 11, 31)));
export const stampIso = (stamp: Stamp): string => time(stampTime(stamp));

export const isHash = (value: string): boolean => /^[a-z2-7]{26}$/.test(value);

/** What a write may send back. Of more heads than that the others stay beside what is written. */
export const baseOf = (state: AnyState): string[] => state.heads.slice(0, 8 * limits.heads);

interface SiblingShape {
  value: unknown;
  by: Person;
  at: string;
  operation: string;
}

/** Fields with more than one value, as people see them. `shown` turns a stored value into what shows. */
export function siblingsOf(
  reading: Reading,
  fields: Readonly<Record<string, readonly [Register<unknown>, (value: unknown) => unknown]>>,
): { siblings?: Record<string, SiblingShape[]> } {
  const siblings: Record<string, SiblingShape[]> = {};
  for (const [name, [register, shown]] of Object.entries(fields)) {
    if (register.length < 2) continue;
    siblings[name] = register.map((written) => ({
      value: shown(written.value),
      by: reading.membership.person(written.by),
      at: stampIso(written.stamp),
      operation: written.op,
    }));
  }
  return Object.keys(siblings).length > 0 ? { siblings } : {};
}

export const same = (value: unknown): unknown => value;

/** Who removed the text, and when; for history there, not here. */
export function removedOf(reading: Reading, state: AnyState): { removed?: { by: Person; at: string } } {
  if (!state.redacted) return {};
  const { op, by, stamp } = state.redacted;
  const there = operation(reading, op)?.header.imported;
  return {
    removed: {
      by: reading.membership.person(there?.author ?? by),
      at: there ? time(there.at) : stampIso(stamp),
    },
  };
}

export function importedOf(
  reading: Reading,
  state: { readonly imported?: { readonly source: string; readonly by: Hash } },
): { imported?: { source: string; by: Person } } {
  return state.imported
    ? { imported: { source: state.imported.source, by: reading.membership.person(state.imported.by) } }
    : {};
}
