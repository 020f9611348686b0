import type { Hash } from '../../../schemas/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Arriving, ViewContext } from './context.ts';

const fields = ['mentions', 'here', 'awaited'] as const;

const listIn = ({ header }: Arriving, field: (typeof fields)[number]): readonly string[] =>
  (header.data[field] as readonly string[] | undefined) ?? [];

/** Whom a text calls by name, by a group that they are in, and by `@here`; `before`: those that were called already. */
export function calledIn(
  view: ViewContext,
  op: Arriving,
  before: ReadonlySet<string> = new Set(),
): (readonly [member: Hash, because: 'mention' | 'group'])[] {
  const named = fresh(op, 'mentions', before).flatMap((id): (readonly [Hash, 'mention' | 'group'])[] => {
    const members = view.inGroup(id, op.header);
    return members ? members.map((member) => [member, 'group'] as const) : [[id, 'mention']];
  });
  return [...named, ...fresh(op, 'here', before).map((member) => [member, 'group'] as const)];
}

const fresh = (op: Arriving, field: (typeof fields)[number], before: ReadonlySet<string>) =>
  listIn(op, field).filter((one) => !before.has(one));

const isEdit = ({ header: { type } }: Arriving): boolean =>
  type === 'message.edit' || type === 'comment.edit';

/** Whom what an operation edits called, and every edit that it saw, however far back. */
function calledBefore(view: ViewContext, { header: { subject, after } }: Arriving): Set<string> {
  const called = new Set<string>();
  const seen = new Set<Hash>();
  const open = [subject, ...after];
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    if (seen.has(hash)) continue;
    seen.add(hash);
    const header = view.draft.get<OperationRow>(keys.operation(hash))?.header;
    if (!header) continue;
    for (const field of fields) for (const one of listIn({ hash, header }, field)) called.add(one);
    open.push(...header.after);
  }
  return called;
}

/** An edit calls those that neither what it edits nor an edit that it saw called. */
export function callByEdit(view: ViewContext, op: Arriving): void {
  // Most edits call nobody.
  if (!isEdit(op) || fields.every((field) => listIn(op, field).length === 0)) return;
  const before = calledBefore(view, op);
  for (const [member, because] of calledIn(view, op, before)) view.need(member, because, op);
  awaitMentioned(view, op, before);
}

/** An edit that does not count any more waits for nobody. */
export function forgetEdit(view: ViewContext, op: Arriving): void {
  if (isEdit(op)) forgetMentioned(view, op);
}

/** A handle that nobody bore when it was written waits for who is made with it. */
export function awaitMentioned(
  view: ViewContext,
  op: Arriving,
  before: ReadonlySet<string> = new Set(),
): void {
  for (const handle of fresh(op, 'awaited', before)) {
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
  const waiting = (await view.draft.under<number>(keys.awaited(handle, ''))).flatMap(([key]) => {
    const hash = key.slice(key.lastIndexOf('/') + 1);
    const row = view.draft.get<OperationRow>(keys.operation(hash));
    return row ? [{ hash, header: row.header }] : [];
  });
  // As they were said: they come up in the inbox together.
  waiting.sort((a, b) => (a.header.stamp < b.header.stamp ? -1 : 1));
  for (const op of waiting) reachAwaited(view, handle, op);
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
      : [{ kind: 'mention', members, operations: [hash], subject: header.subject || hash, log: header.log }],
  );
}
