import type { Hash } from '../../../schemas/index.ts';
import { contestedOf } from '../../fold/subjects/results.ts';
import type { AnyState, MemberState, MemoryState, Register, TaskState, Written } from '../../fold/types.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Arriving, Consequence, ViewContext } from './context.ts';

type Cell = Pick<Written<unknown>, 'op' | 'by'> & { readonly value?: unknown };

/** The fields that people write, each with the values that stand side by side. */
function cellsOf(state: AnyState): Readonly<Record<string, readonly Cell[]>> {
  switch (state.kind) {
    case 'message':
      return { text: state.text, pinned: state.pinned, resolved: state.resolved };
    case 'comment':
      return { text: state.text };
    case 'channel':
      return { name: state.name, topic: state.topic, archived: state.archived, hops: state.hops };
    case 'reservation':
      return {};
    case 'memory':
      return { text: state.versions };
    case 'task': {
      const { title, description, criteria, status, priority, assignee, reviewer, due } = state;
      return { title, description, criteria, status, priority, assignee, reviewer, due };
    }
  }
}

/** Fields written apart: one item for all that the same operations wrote, for everyone who wrote one of them. */
function conflictsOf(state: AnyState, log: string): Consequence[] {
  const found = new Map<string, Consequence & { readonly fields: string[] }>();
  for (const [field, cells] of Object.entries(cellsOf(state))) {
    if (cells.length < 2 || areEqual(cells)) continue;
    const operations = cells.map(({ op }) => op).sort();
    const known = found.get(operations.join());
    if (known) known.fields.push(field);
    else {
      const members = cells.map(({ by }) => by);
      const fields = [field];
      found.set(operations.join(), { kind: 'conflict', members, operations, subject: state.id, log, fields });
    }
  }
  return [...found.values()];
}

/** Whether all wrote the same. The value of a text is the operation that holds it, so texts are never. */
const areEqual = (cells: readonly Cell[]): boolean =>
  cells.every(
    ({ value }) => value !== undefined && JSON.stringify(value) === JSON.stringify(cells[0]?.value),
  );

const first = <T>(register: Register<T>): Written<T> | undefined => register[0];

/** A task in review asks its reviewer, unless that is who brought it there; given back, it asks whose work it is. */
function reviewOf(state: TaskState): Consequence[] {
  const [status] = state.status;
  if (status?.returned !== undefined)
    return [
      {
        kind: 'review',
        members: [status.returned],
        operations: [status.op],
        subject: state.id,
        log: 'tasks',
      },
    ];
  const reviewer = first(state.reviewer);
  if (status?.value !== 'review' || !reviewer?.value) return [];
  if (status.by === reviewer.value && reviewer.by === reviewer.value) return [];
  const operations = [...new Set([status.op, reviewer.op])];
  return [{ kind: 'review', members: [reviewer.value], operations, subject: state.id, log: 'tasks' }];
}

/** Claims made apart from the one that holds, and those that were taken, each for who made it. */
function lostOf({ id, claims: [holder, ...others], taken }: TaskState): Consequence[] {
  return [...others, ...taken]
    .filter(({ by }) => by !== holder?.by)
    .map(({ op, by }) => ({ kind: 'lost', members: [by], operations: [op], subject: id, log: 'tasks' }));
}

/** A contested result asks who decides on it: the reviewer, or who made the task where it has none. */
function contestOf(state: TaskState): Consequence[] {
  const contested = contestedOf(state);
  if (!contested) return [];
  const operations = contested.moves.map(({ op }) => op);
  const decides = first(state.reviewer)?.value ?? state.created.by;
  return [{ kind: 'review', members: [decides], operations, subject: state.id, log: 'tasks' }];
}

const isImported = ({ draft }: ViewContext, hash: Hash): boolean =>
  draft.get<OperationRow>(keys.operation(hash))?.header.imported !== undefined;

/** Notes what follows from a thing as it is now; undefined: it is no more. */
export function followThing(view: ViewContext, id: Hash, log: string, state: AnyState | undefined): void {
  const all = state === undefined ? [] : conflictsOf(state, log);
  if (state?.kind === 'task') all.push(...reviewOf(state), ...lostOf(state), ...contestOf(state));
  view.follows(
    `thing/${id}`,
    all.filter(({ operations }) => !operations.every((hash) => isImported(view, hash))),
  );
}

/** Rows below a prefix, as the ids that their keys end with. */
const idsUnder = async ({ draft }: ViewContext, prefix: string): Promise<Hash[]> =>
  (await draft.under(prefix)).map(([key]) => key.slice(key.lastIndexOf('/') + 1));

/** Channels that have one name, made or renamed apart. */
export async function followChannelName(view: ViewContext, name: string): Promise<void> {
  const named = (await idsUnder(view, keys.channelName(name, ''))).flatMap((id) => {
    const state = view.state(id);
    return state?.kind === 'channel' ? [state] : [];
  });
  const written = named.map(({ id, name: [value] }) => ({ op: value?.op || id, by: value?.by ?? '' }));
  const [newest] = named.toSorted((a, b) => (a.created.stamp < b.created.stamp ? 1 : -1));
  const isDuplicate = named.length > 1 && newest !== undefined;
  view.follows(`channel/${name}`, isDuplicate ? [duplicate(written, newest.id, 'channels')] : []);
}

/** Members that have one handle, made on machines that were apart. */
export function followHandle(view: ViewContext, handle: string, members: readonly MemberState[]): void {
  const named = members.filter(({ imported }) => !imported);
  const written = named.map(({ id, handle: [value], created }) => ({ op: value?.op ?? created.op, by: id }));
  const [newest] = named.toSorted((a, b) => (a.created.stamp < b.created.stamp ? 1 : -1));
  const isDuplicate = named.length > 1 && newest !== undefined;
  view.follows(`handle/${handle}`, isDuplicate ? [duplicate(written, newest.id, 'members')] : []);
}

/** Tasks that have one short id, made apart. */
export async function followShort(view: ViewContext, short: string): Promise<void> {
  const ids = await idsUnder(view, keys.short(short, ''));
  const written = ids.map((id) => ({ op: id, by: view.state(id)?.created.by ?? '' }));
  const [newest] = [...ids].sort();
  view.follows(
    `short/${short}`,
    ids.length > 1 && newest !== undefined ? [duplicate(written, newest, 'tasks')] : [],
  );
}

/** Memories that were made apart under one key and of which none replaces another. */
export async function followMemoryKey(view: ViewContext, key: string): Promise<void> {
  const ids = await idsUnder(view, keys.memoryKey(view.hash(key), ''));
  const open: MemoryState[] = [];
  for (const id of ids.length > 1 ? ids : []) {
    const by = await idsUnder(view, keys.superseded(id, ''));
    const state = view.state(id);
    if (
      state?.kind === 'memory' &&
      !state.forgotten &&
      !by.some((other) => other !== id && ids.includes(other))
    )
      open.push(state);
  }
  const [shown] = open;
  const told = open.length > 1 && shown !== undefined && open.some(({ imported }) => !imported);
  view.follows(
    `memory/${view.hash(key)}`,
    told
      ? [
          {
            kind: 'conflict',
            members: open.map(({ created }) => created.by),
            operations: open.map(({ id }) => id),
            subject: shown.id,
            log: 'memory',
            fields: ['key'],
          },
        ]
      : [],
  );
}

const duplicate = (written: readonly Cell[], subject: Hash, log: string): Consequence => ({
  kind: 'duplicate',
  members: written.flatMap(({ by }) => (by === '' ? [] : [by])),
  operations: written.map(({ op }) => op),
  subject,
  log,
});

/** What of a request makes the thing: not the short id that it was given here, nor the salt. */
const requestIn = (row: OperationRow): string => {
  const { short: _, ...data } = row.header.data;
  const { salt: __, ...body } = row.body ?? {};
  return JSON.stringify([row.header.log, row.header.type, data, body]);
};

/** Requests under one idempotency key that ask for different things. */
export function followKey(
  view: ViewContext,
  scope: string,
  { header }: Arriving,
  operations: readonly Hash[],
): void {
  const rows = operations.flatMap((hash) => {
    const row = view.draft.get<OperationRow>(keys.operation(hash));
    return row && !row.redacted ? [{ hash, row }] : [];
  });
  const differ = new Set(rows.map(({ row }) => requestIn(row))).size > 1;
  const [subject] = [...operations].sort();
  if (header.member === undefined || header.imported || subject === undefined) return;
  view.follows(
    scope,
    differ
      ? [
          {
            kind: 'conflict',
            members: [header.member],
            operations: rows.map(({ hash }) => hash),
            subject,
            log: header.log,
            fields: ['idempotency key'],
          },
        ]
      : [],
  );
}
