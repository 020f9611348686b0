import type { Hash, Header } from '../../../../schemas/index.ts';
import { type Crypto, hashOf } from '../../../op/index.ts';
import { keys, type OperationRow } from '../../commit/rows.ts';
import type { Draft } from '../../commit/transaction.ts';
import type { Arriving } from '../../views/context.ts';

type Keyed = { readonly crypto: Crypto };

/** Which operations made apart are one thing: the first is the thing, the others its aliases. */
export interface IdempotencyRow {
  readonly operations: readonly { readonly hash: Hash; readonly stamp: string }[];
  /** Hash of the request as it was made here; absent for one that came from elsewhere. */
  readonly input?: Hash | undefined;
}

export const aliasKey = (alias: Hash): string => `v/alias/${alias}`;

export function idempotencyKey(crypto: Crypto, header: Header): string | undefined {
  if (header.imported) return keys.idempotency('source', hashOf(crypto, header.imported.source));
  return header.key === undefined || header.member === undefined
    ? undefined
    : keys.idempotency(header.member, header.key);
}

/** Notes under its idempotency key an operation that makes no thing: a repeat of the request finds it. */
export function repeatable({ crypto }: Keyed, draft: Draft, op: Arriving): void {
  const key = idempotencyKey(crypto, op.header);
  if (key === undefined) return;
  const row = draft.get<IdempotencyRow>(key);
  if (row?.operations.some(({ hash }) => hash === op.hash)) return;
  draft.put(key, { ...row, operations: withOne(row, op) } satisfies IdempotencyRow);
}

const withOne = (row: IdempotencyRow | undefined, op: Arriving): Listed[] =>
  [...(row?.operations ?? []), { hash: op.hash, stamp: op.header.stamp }].sort(inOrder);

/** The request's hash would tell a removed short text to a guesser. */
export function forgetInput({ crypto }: Keyed, draft: Draft, header: Header): void {
  const key = idempotencyKey(crypto, header);
  const row = key === undefined ? undefined : draft.get<IdempotencyRow>(key);
  if (key === undefined || row?.input === undefined) return;
  draft.put(key, { operations: row.operations } satisfies IdempotencyRow);
}

/** A thing under its key: what it is an alias of, and which thing gives its place up to it. */
export interface Place {
  readonly aliasOf?: Hash | undefined;
  readonly replaces?: Hash | undefined;
  /** The key, and everything that was made under it. */
  readonly key?: string | undefined;
  readonly things?: readonly Hash[] | undefined;
}

/** Other things made under the idempotency key of an operation. */
export function repeatsOf({ crypto }: Keyed, draft: Draft, op: Arriving): Hash[] {
  if (op.header.key === undefined || op.header.subject !== '') return [];
  const key = idempotencyKey(crypto, op.header);
  const row = key === undefined ? undefined : draft.get<IdempotencyRow>(key);
  return thingsOf(draft, row, op).map(({ hash }) => hash);
}

/** A new thing takes its place under its key: the lowest stamp is the thing, the others are its aliases. */
export function firstOfKey(context: Keyed, draft: Draft, op: Arriving): Place {
  const key = idempotencyKey(context.crypto, op.header);
  if (key === undefined) return {};
  const row = draft.get<IdempotencyRow>(key);
  const before = thingsOf(draft, row, op)[0];
  const operations = row?.operations.some(({ hash }) => hash === op.hash) ? row.operations : withOne(row, op);
  draft.put(key, { ...row, operations } satisfies IdempotencyRow);
  if (!before) return {};
  const things = [...thingsOf(draft, row, op).map(({ hash }) => hash), op.hash];
  if (inOrder(before, { hash: op.hash, stamp: op.header.stamp }) < 0) {
    draft.put(aliasKey(op.hash), before.hash);
    return { aliasOf: before.hash, key, things };
  }
  for (const { hash } of thingsOf(draft, row, op)) draft.put(aliasKey(hash), op.hash);
  return { replaces: before.hash, key, things };
}

/** A thing that does not count gives its key up to the next, if there is one. `things`: those left under it. */
export function leaveKey(
  context: Keyed,
  draft: Draft,
  op: Arriving,
): { readonly next?: Hash; readonly key?: string; readonly things: readonly Hash[] } {
  const key = idempotencyKey(context.crypto, op.header);
  const row = key === undefined ? undefined : draft.get<IdempotencyRow>(key);
  if (key === undefined || !row) return { things: [] };
  draft.put(key, { ...row, operations: row.operations.filter(({ hash }) => hash !== op.hash) });
  const left = thingsOf(draft, row, op).map(({ hash }) => hash);
  const [next, ...rest] = left;
  const gone = left.length > 0 ? { key, things: left } : { things: left };
  if (next === undefined || draft.get<Hash>(aliasKey(next)) !== op.hash) return gone;
  draft.remove(aliasKey(next));
  for (const hash of rest) draft.put(aliasKey(hash), next);
  return { ...gone, next };
}

/** Other operations under the key that made a thing of the same kind. */
const thingsOf = (draft: Draft, row: IdempotencyRow | undefined, op: Arriving): Listed[] =>
  (row?.operations ?? []).filter(
    ({ hash }) =>
      hash !== op.hash && draft.get<OperationRow>(keys.operation(hash))?.header.type === op.header.type,
  );

type Listed = IdempotencyRow['operations'][number];

const inOrder = (a: Listed, b: Listed): number =>
  a.stamp === b.stamp ? (a.hash < b.hash ? -1 : 1) : a.stamp < b.stamp ? -1 : 1;
