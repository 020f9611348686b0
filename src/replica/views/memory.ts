import type { MemoryState } from '../../fold/types.ts';
import { keys } from '../commit/rows.ts';
import type { Arriving, ViewContext } from './context.ts';
import { naturalOrder } from './order.ts';

/** A memory appears or changes: the list, its key, what it supersedes. */
export function placeMemory(
  view: ViewContext,
  creation: Arriving,
  before: MemoryState | undefined,
  after: MemoryState,
): void {
  const { draft } = view;
  if (!before) {
    draft.put(keys.memory(naturalOrder(creation.hash, creation.header)), after.id);
    if (after.key !== undefined)
      draft.put(keys.memoryKey(view.hash(after.key), after.id), after.created.stamp);
    view.count('memories', 1);
  }
  const supersedes = (state: MemoryState | undefined) =>
    new Set((state?.versions ?? []).flatMap((version) => version.supersedes));
  const old = supersedes(before);
  for (const id of supersedes(after))
    if (!old.delete(id)) draft.put(keys.superseded(id, after.id), after.created.stamp);
  for (const id of old) draft.remove(keys.superseded(id, after.id));
}

export function removeMemory(view: ViewContext, creation: Arriving, state: MemoryState): void {
  const { draft } = view;
  draft.remove(keys.memory(naturalOrder(creation.hash, creation.header)));
  if (state.key !== undefined) draft.remove(keys.memoryKey(view.hash(state.key), state.id));
  for (const version of state.versions)
    for (const id of version.supersedes) draft.remove(keys.superseded(id, state.id));
  view.count('memories', -1);
}
