import type { Hash, Header } from '../../../schemas/index.ts';
import type { AnyState } from '../../fold/types.ts';
import { type Crypto, hashOf } from '../../op/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import type { Arriving, ViewContext } from '../views/context.ts';
import { removeMessage } from '../views/conversation.ts';
import { removeMemory } from '../views/memory.ts';
import { removeComment, removeTask } from '../views/tasks.ts';

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
  draft.put(key, {
    ...row,
    operations: [...(row?.operations ?? []), { hash: op.hash, stamp: op.header.stamp }],
  } satisfies IdempotencyRow);
}

/** The request's hash would tell a removed short text to a guesser. */
export function forgetInput({ crypto }: Keyed, draft: Draft, header: Header): void {
  const key = idempotencyKey(crypto, header);
  const row = key === undefined ? undefined : draft.get<IdempotencyRow>(key);
  if (key === undefined || row?.input === undefined) return;
  draft.put(key, { operations: row.operations } satisfies IdempotencyRow);
}

/**
 * A new thing takes its place under its key. True when it is the first there and is to be listed; a repeat becomes its
 * alias. One that came before it in no order but now does is unlisted.
 */
export function firstOfKey(context: Keyed, view: ViewContext, op: Arriving): boolean {
  const { draft } = view;
  const key = idempotencyKey(context.crypto, op.header);
  if (key === undefined) return true;
  const row = draft.get<IdempotencyRow>(key);
  const first = row?.operations[0];
  const operations = [...(row?.operations ?? []), { hash: op.hash, stamp: op.header.stamp }].sort(inOrder);
  draft.put(key, { ...row, operations } satisfies IdempotencyRow);
  if (!first) return true;
  if (operations[0]?.hash !== op.hash) {
    draft.put(aliasKey(op.hash), first.hash);
    return false;
  }
  for (const { hash } of operations.slice(1)) {
    draft.put(aliasKey(hash), op.hash);
    const old = draft.get<OperationRow>(keys.operation(hash));
    const state = view.state(hash);
    if (old && state && hash === first.hash) unlist(view, { hash, header: old.header }, state);
  }
  view.revised(op.hash, op.header.log);
  return true;
}

type Listed = IdempotencyRow['operations'][number];

const inOrder = (a: Listed, b: Listed): number =>
  a.stamp === b.stamp ? (a.hash < b.hash ? -1 : 1) : a.stamp < b.stamp ? -1 : 1;

function unlist(view: ViewContext, op: Arriving, state: AnyState): void {
  if (state.kind === 'message') removeMessage(view, op, state);
  else if (state.kind === 'comment') removeComment(view, op, state);
  else if (state.kind === 'task') removeTask(view, op, state);
  else if (state.kind === 'memory') removeMemory(view, op, state);
}
