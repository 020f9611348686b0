import type { Hash } from '../../../schemas/index.ts';
import { textOf } from '../data.ts';
import { counted } from '../shared.ts';
import type { EpochState, MembersState, Verdict } from '../types.ts';
import { isAtLeast, malformed, notAllowed, type Scene } from './scene.ts';

/** A key epoch, of an admin. */
export function beginEpoch({ folding, op, past, role }: Scene): Verdict {
  const { draft } = folding;
  const check = textOf(op.header.data, 'check');
  if (!isAtLeast(role, 'admin')) return notAllowed('only an admin begins a key epoch');
  if (check === undefined) return malformed;
  const after = revocations(draft).filter((revocation) => past.has(revocation));
  draft.epochs.push({ id: op.hash, check, after });
  return counted;
}

const revocations = ({ frontiers }: Pick<MembersState, 'frontiers'>): Hash[] =>
  frontiers.filter(({ type }) => type === 'replica.revoke').map(({ op }) => op);

/** Epochs whose secret nobody has who is revoked as far as is known, in the order of the fold. */
export function safeEpochs(members: Pick<MembersState, 'epochs' | 'frontiers'>): readonly EpochState[] {
  const all = revocations(members);
  return members.epochs.filter(({ after }) => all.every((revocation) => after.includes(revocation)));
}
