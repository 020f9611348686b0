import type { Hash, Header, RejectedReason } from '../../schemas/index.ts';
import { stampTime } from './order.ts';
import type { Op, SubjectState, Verdict } from './types.ts';

export const counted: Verdict = { state: 'counted' };

export const rejected = (
  reason: RejectedReason,
  message: string,
  legal?: readonly string[],
): Verdict & { state: 'rejected' } =>
  legal === undefined
    ? { state: 'rejected', reason, message }
    : { state: 'rejected', reason, message, legal };

/** What came of one operation. A rejected one leaves the state as it was. */
export interface Applied<S> {
  readonly state: S;
  readonly verdict: Verdict;
}

export const apply = <S>(state: S): Applied<S> => ({ state, verdict: counted });

export const refuse = <S>(state: S, reason: RejectedReason, message: string, legal?: readonly string[]) => ({
  state,
  verdict: rejected(reason, message, legal),
});

/** Who speaks in an operation: for history its author, else the member, else the replica itself. */
export const speaker = (header: Header): Hash => header.imported?.author ?? header.member ?? header.replica;

/** Who stands behind an operation here: for history the one who brought it in. */
export const voucher = (header: Header): Hash => header.member ?? header.replica;

/** When it happened, ms: for history there, not here. */
export const happened = (header: Header): number => header.imported?.at ?? stampTime(header.stamp);

/** What every creation says. Heads and count are the engine's to keep. */
export function begun(op: Op): Pick<SubjectState, 'id' | 'heads' | 'created' | 'operations'> {
  const { header } = op;
  return {
    id: op.hash,
    heads: [op.hash],
    created: {
      by: speaker(header),
      stamp: header.stamp,
      at: happened(header),
    },
    operations: 1,
  };
}

/** Where history came from and who brought it in; nothing for what was made here. */
export const origin = (op: Op): { imported?: { source: string; by: Hash } } =>
  op.header.imported === undefined
    ? {}
    : { imported: { source: op.header.imported.source, by: voucher(op.header) } };

export const isAdmin = (op: Op): boolean => op.role === 'admin' || op.role === 'owner';

/** True for who made the thing, and for history also for who brought it in. */
export const isAuthor = (
  state: SubjectState & { readonly imported?: { readonly by: Hash } },
  op: Op,
): boolean =>
  op.header.member !== undefined &&
  (op.header.member === state.created.by || op.header.member === state.imported?.by);

/** Operations that any subject may have: `join` and `redact`. Whatever else comes here has no meaning for it. */
export function applyAny<S extends SubjectState & { readonly imported?: { readonly by: Hash } }>(
  state: S,
  op: Op,
): Applied<S> {
  switch (op.header.type) {
    case 'join':
      return apply(state);
    case 'redact': {
      if (!isAuthor(state, op) && !isAdmin(op))
        return refuse(state, 'permission', `only its author or an admin removes the text of a ${state.kind}`);
      if (state.redacted !== undefined) return apply(state);
      const { header } = op;
      return apply({ ...state, redacted: { op: op.hash, by: speaker(header), stamp: header.stamp } });
    }
    default:
      return refuse(state, 'schema', `${op.header.type} is no operation on a ${state.kind}`);
  }
}
