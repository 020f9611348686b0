import type { Hash, Header, OperationState } from '../../../../schemas/index.ts';
import { narrowing } from '../../../fold/members/narrow.ts';
import type { Verdict } from '../../../fold/types.ts';
import { awaitedHandle } from '../../../op/index.ts';
import { keys, type OperationRow } from '../../commit/rows.ts';
import type { Arriving } from '../../views/context.ts';
import { reachMade } from '../../views/mentions.ts';
import { followHandle } from '../../views/needs.ts';
import { counters, owe } from '../state.ts';
import { stateIn, type Turn } from '../turn.ts';
import { strip } from './redaction.ts';
import { repeatable } from './repeats.ts';
import { refile } from './subjects.ts';

/**
 * Folds one operation into the members log. What else changes there is filed anew; whose operations elsewhere must be
 * judged again is noted, for a following write. Returns the replicas whose keys are known from now on beside the
 * verdict.
 */
export async function foldMember(turn: Turn, op: Arriving): Promise<{ verdict: Verdict; known: Hash[] }> {
  const { context, draft, work } = turn;
  const { hash, header } = op;
  const { verdict, all } = context.membership.add({ hash, header, role: undefined }, op.body);
  const changes: { header: Header; next: OperationState }[] = [];
  if (verdict.state === 'counted') {
    repeatable(context, draft, op);
    changes.push({ header, next: verdict });
  }
  if (all) changes.push(...(await refileMembers(turn, all, hash)));
  if (verdict.state === 'counted' && header.type === 'redact') await stripName(turn, header.subject, hash);
  if (header.type.startsWith('arbiter.') || all) work.onDurable(() => context.onArbiter());
  if (changes.length > 0) {
    work.onDurable(() => context.onMembers());
    await followHandles(turn, changes);
  }
  const known: Hash[] = [];
  for (const change of changes) {
    judgeAgain(turn, change.header, change.next.state === 'counted');
    await reachAgain(turn, change.header);
    if (change.header.type === 'replica.admit' && change.next.state === 'counted')
      known.push(change.header.replica);
  }
  // An update of a name that was removed already.
  if (op.body !== undefined)
    for (const redact of await redactsOf(turn, header.subject))
      await strip(context, work, hash, redact, [hash]);
  return { verdict, known };
}

/** Who has the handles that were written, and those that several have: a member that has another now leaves the others one. */
async function followHandles(turn: Turn, changes: readonly { readonly header: Header }[]): Promise<void> {
  const handles = new Set(changes.flatMap(({ header }) => textIn(header.data, 'handle') ?? []));
  if (handles.size === 0) return;
  const told = keys.told('handle/');
  for (const [key] of await turn.draft.under(told)) handles.add(key.slice(told.length));
  for (const handle of handles) followHandle(turn, handle, turn.context.membership.byHandle(handle));
}

/** Files what the whole log, folded anew, says of the others. Returns what changed. */
export async function refileMembers(
  turn: Turn,
  all: ReadonlyMap<Hash, Verdict>,
  but?: Hash,
): Promise<{ header: Header; next: OperationState }[]> {
  const changes: { header: Header; next: OperationState }[] = [];
  for (const [hash, verdict] of all) {
    if (hash === but) continue;
    const row = turn.draft.get<OperationRow>(keys.operation(hash));
    if (!row) continue;
    if (stateIn(row).state !== verdict.state) changes.push({ header: row.header, next: verdict });
    await refile(turn, hash, row, verdict);
  }
  return changes;
}

/** Names written by an operation, or of a member in all operations about it. */
async function stripName(turn: Turn, subject: Hash, redact: Hash): Promise<void> {
  const { context, draft, work } = turn;
  const made = context.membership.state.members.get(subject);
  const about = (await draft.under<number>(`v/on/${subject}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  await strip(context, work, subject, redact, [subject, ...(made ? [made.created.op] : []), ...about]);
}

/** Counted redacts of a member's names. */
async function redactsOf({ draft }: Turn, subject: Hash): Promise<Hash[]> {
  if (subject === '') return [];
  const redacts: Hash[] = [];
  for (const [key] of await draft.under<number>(`v/on/${subject}/`)) {
    const hash = key.slice(key.lastIndexOf('/') + 1);
    const row = draft.get<OperationRow>(keys.operation(hash));
    if (row?.header.type === 'redact' && row.feed !== undefined && row.state === undefined)
      redacts.push(hash);
  }
  return redacts;
}

const textIn = (data: Header['data'], field: string): string | undefined => {
  const value = data[field];
  return typeof value === 'string' ? value : undefined;
};

/** What mentioned a handle before anybody bore it reaches who is made with it. */
async function reachAgain(turn: Turn, { type, data }: Header): Promise<void> {
  const handle = type === 'member.create' ? textIn(data, 'handle') : undefined;
  const { crypto, membership } = turn.context;
  if (handle !== undefined) await reachMade(turn, awaitedHandle(crypto, membership.state.workspace, handle));
}

/** Notes whose operations a change of membership may judge otherwise. */
export function judgeAgain({ context, draft, work }: Turn, header: Header, counts: boolean): void {
  const { state } = context.membership;
  const { type, data, subject } = header;
  if (!concerning.has(type)) return;
  // What widens can only help what was rejected; what narrows, and what no longer widens, can cut anything.
  if (counters(draft).rejected > 0) owe(context, work, 'judge', 'rejected');
  if (counts && narrowing(type) === undefined) return;
  const replicas = new Set<Hash>();
  const named = textIn(data, 'replica');
  if (named !== undefined) replicas.add(named);
  if (type === 'replica.admit' || type === 'member.create') replicas.add(header.replica);
  for (const { value } of state.members.get(subject)?.hosts ?? []) replicas.add(value);
  // What an arbiter granted, in a term that is cut or that is none any more.
  if (type.startsWith('arbiter.')) for (const { arbiter } of state.terms) replicas.add(arbiter);
  const to = textIn(data, 'to');
  if (type === 'arbiter.handover' && to !== undefined) replicas.add(to);
  for (const replica of replicas) owe(context, work, 'judge', replica);
}

const concerning: ReadonlySet<string> = new Set([
  'replica.admit',
  'replica.revoke',
  'replica.bind',
  'replica.unbind',
  'member.create',
  'role.grant',
  'role.demote',
  'arbiter.handover',
  'arbiter.move',
]);
