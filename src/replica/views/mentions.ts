import type { Hash } from '../../../schemas/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Arriving, ViewContext } from './context.ts';

const listIn = ({ header }: Arriving, field: 'mentions' | 'here' | 'awaited'): readonly string[] =>
  (header.data[field] as readonly string[] | undefined) ?? [];

/** Whom a message or a comment calls by name, by `@here`, or by a handle that nobody bore when it was written. */
export function callMentioned(view: ViewContext, op: Arriving): void {
  for (const member of listIn(op, 'mentions')) view.need(member, 'mention', op);
  for (const member of listIn(op, 'here')) view.need(member, 'group', op);
  for (const handle of listIn(op, 'awaited')) {
    view.draft.put(keys.awaited(handle, op.hash), 0);
    reachAwaited(view, handle, op);
  }
}

/** It does not count any more, or is a repeat: it waits for nobody. */
export function forgetMentioned(view: ViewContext, op: Arriving): void {
  for (const handle of listIn(op, 'awaited')) {
    view.draft.remove(keys.awaited(handle, op.hash));
    view.follows(`awaited/${handle}/${op.hash}`, []);
  }
}

/** Who was made with a handle, or is no more: what mentioned it before reaches them. */
export async function reachMade(view: ViewContext, handle: Hash): Promise<void> {
  for (const [key] of await view.draft.under<number>(keys.awaited(handle, ''))) {
    const hash = key.slice(key.lastIndexOf('/') + 1);
    const row = view.draft.get<OperationRow>(keys.operation(hash));
    if (row) reachAwaited(view, handle, { hash, header: row.header });
  }
}

/** A member that is made later has a mark beyond it, perhaps: so it is acknowledged by itself, not with its operation. */
function reachAwaited(view: ViewContext, handle: Hash, op: Arriving): void {
  const { hash, header } = op;
  const named = [header.member, ...listIn(op, 'mentions')];
  const members = header.imported ? [] : view.madeAs(handle).filter((member) => !named.includes(member));
  view.follows(
    `awaited/${handle}/${hash}`,
    members.length === 0
      ? []
      : [{ kind: 'mention', members, operations: [hash], subject: hash, log: header.log }],
  );
}
