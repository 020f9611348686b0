import { write, written } from '../register.ts';
import type { Applied } from '../shared.ts';
import { apply, begun, isAuthor, origin, refuse } from '../shared.ts';
import type { Op, Past, TextState } from '../types.ts';

/** What messages and comments begin with: one text, and who wrote it. */
export const beginText = (op: Op): Omit<TextState, 'kind'> => ({
  ...begun(op),
  text: [written(op, op.hash)],
  edits: 0,
  ...origin(op),
});

/** An edit replaces the texts that it saw; only the author makes one. */
export function edit<S extends TextState>(state: S, op: Op, past: Past): Applied<S> {
  if (!isAuthor(state, op)) return refuse(state, 'permission', `only its author edits a ${state.kind}`);
  return apply({ ...state, text: write(state.text, op, past, op.hash), edits: state.edits + 1 });
}
