import type { Hash, HistoryField, HistoryState } from '../../../../schemas/index.ts';
import type { AnyState, MemoryState, Register, ReservationState, TaskState } from '../../../fold/types.ts';
import { deadline, operation, type Reading, removedOf, stampIso, textOf, time } from '../context.ts';

type Shown = (value: unknown) => unknown;
const same: Shown = (value) => value;

/** Makes rows of fields: what is stored becomes what people see. */
function writer(reading: Reading, state: AnyState) {
  const fields: HistoryField[] = [];
  const person = (id: unknown) => (typeof id === 'string' ? reading.membership.person(id).handle : null);
  const text =
    (field: string): Shown =>
    (op) =>
      state.redacted ? null : textOf(reading, op as Hash | null, field);

  /** What the operation says of itself; a channel that exists without one has no author. */
  function put(field: string, value: unknown, op: Hash, sibling = false): void {
    const header = operation(reading, op)?.header;
    const by = header && (header.imported?.author ?? header.member);
    fields.push({
      field,
      value,
      operation: op,
      by: by === undefined ? null : reading.membership.person(by),
      at:
        header === undefined
          ? time(state.created.at)
          : header.imported
            ? time(header.imported.at)
            : stampIso(header.stamp),
      replica: header?.replica ?? '',
      ...(sibling ? { sibling } : {}),
    });
  }

  return {
    fields,
    person,
    text,
    put,
    register(field: string, register: Register<unknown>, shown: Shown = same): void {
      for (const [i, { op, value }] of register.entries()) put(field, shown(value), op, i > 0);
    },
  };
}

type Writer = ReturnType<typeof writer>;

function taskFields({ register, put, text, person }: Writer, state: TaskState): void {
  register('title', state.title, text('title'));
  register('description', state.description, text('description'));
  register('criteria', state.criteria, text('criteria'));
  register('status', state.status);
  register('priority', state.priority);
  register('assignee', state.assignee, person);
  register('reviewer', state.reviewer, person);
  register('due', state.due, (ms) => (typeof ms === 'number' ? time(ms) : null));
  for (const [i, { op, by }] of state.claims.entries()) put('claim', person(by), op, i > 0);
  for (const label of Object.keys(state.labels).sort())
    for (const op of state.labels[label]?.slice(0, 1) ?? []) put('label', label, op);
  for (const { kind, ref, op } of state.evidence) put('evidence', { kind, ref }, op);
  // Whether one closes a cycle only the graph of now can tell: here stands what was written.
  for (const { kind, to, op } of state.links) put('link', { kind, to }, op);
}

function memoryFields({ put, text }: Writer, state: MemoryState): void {
  for (const [i, version] of state.versions.entries()) {
    const { op, tags, kind, sources, expires, supersedes, forgotten } = version;
    const about: Readonly<Record<string, unknown>> = {
      title: text('title')(op),
      text: text('text')(op),
      ...(kind === undefined ? {} : { kind }),
      ...(tags.length > 0 ? { tags: [...tags] } : {}),
      ...(sources.length > 0 ? { sources: [...sources] } : {}),
      ...(expires === undefined ? {} : { expires: time(expires) }),
      ...(supersedes.length > 0 ? { supersedes: [...supersedes] } : {}),
    };
    for (const [field, value] of Object.entries(about)) put(field, value, op, i > 0);
    if (forgotten !== undefined) put('forgotten', true, forgotten, i > 0);
  }
}

function reservationFields({ put, text }: Writer, state: ReservationState): void {
  const { id, leases, releases, expired } = state;
  put('globs', [...state.globs], id);
  if (state.task !== undefined) put('task', state.task, id);
  const reason = text('reason')(id);
  if (reason !== null) put('reason', reason, id);
  for (const [i, { op, until }] of leases.entries()) put('until', deadline(until), op, i > 0);
  for (const [i, { op }] of releases.entries()) put('released', true, op, i > 0);
  if (expired) put('expired', true, expired.op);
}

/** Every value that shows, and who wrote it. */
export function historyState(reading: Reading, state: AnyState): HistoryState {
  const rows = writer(reading, state);
  const { register, text, put, person } = rows;
  switch (state.kind) {
    case 'task':
      taskFields(rows, state);
      break;
    case 'memory':
      memoryFields(rows, state);
      break;
    case 'reservation':
      reservationFields(rows, state);
      break;
    case 'channel':
      register('name', state.name);
      register('topic', state.topic, (op) => text('topic')(op) ?? '');
      register('archived', state.archived);
      register('hops', state.hops);
      break;
    default:
      register('text', state.text, text('text'));
      if (state.kind === 'comment') break;
      register('pinned', state.pinned);
      register('resolved', state.resolved);
      for (const [emoji, members] of Object.entries(state.reactions))
        for (const [member, [op]] of Object.entries(members))
          if (op) put('reaction', { emoji, by: person(member) }, op);
  }
  return { kind: state.kind, fields: rows.fields, ...removedOf(reading, state) };
}
