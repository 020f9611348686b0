import type { Row } from '../../export/rows.ts';
import { type Draft, type DraftLog, type Ref, ref } from '../draft.ts';
import { boundedSource, changeSource, moveSource } from '../sources.ts';
import { chunks } from '../text.ts';
import { isConversation, isDefault } from './survey.ts';

// Rows as drafts. A row's id is the source of the operation that makes the thing; what is done to it is named after it.

const tasks: DraftLog = { kind: 'tasks' };
const channels: DraftLog = { kind: 'channels' };
/** Labels or evidence of one operation, bytes: its header has to hold more than these. */
const listBytes = 3000;

const millis = (at: string): number => Date.parse(at);

const madeBy = (row: {
  readonly id: string;
  readonly at: string;
  readonly author: string;
}): Draft['imported'] => ({
  at: millis(row.at),
  source: row.id,
  author: ref(row.author),
});

/** Something done to a thing. */
function change(
  log: DraftLog,
  type: Draft['type'],
  subject: string,
  source: string,
  data: Record<string, unknown>,
  by: { at: number; author?: string | null | undefined; body?: Record<string, string> | undefined },
): Draft {
  return {
    ref: source,
    log,
    type,
    subject: ref(subject),
    data,
    ...(by.body ? { body: by.body } : {}),
    imported: { at: by.at, source, ...(by.author ? { author: ref(by.author) } : {}) },
  };
}

/** The text was removed before it was exported: the thing is made without one and says so. */
function* removal(
  log: DraftLog,
  { id, removed }: { id: string; removed?: { at: string; by: string | null } | undefined },
): Generator<Draft> {
  if (removed)
    yield change(
      log,
      'redact',
      id,
      boundedSource(`${id}:removed`),
      {},
      {
        at: millis(removed.at),
        author: removed.by,
      },
    );
}

export function memberDraft({ id, handle, name, kind, at }: Row<'members'>): Draft {
  return {
    ref: id,
    log: { kind: 'members' },
    type: 'member.create',
    data: { handle, kind },
    body: { name },
    imported: { at: millis(at), source: id },
  };
}

/** A channel, or what is different about one that every workspace has. */
export function* channelDrafts(row: Row<'channels'>): Generator<Draft> {
  const { id, name, topic, direct, at } = row;
  const made = at === null ? 0 : millis(at);
  // It is there as soon as something is said in it.
  if (isConversation(id)) return;
  if (!isDefault(id)) {
    yield {
      ref: id,
      log: channels,
      type: 'channel.create',
      data: { name, ...(direct ? { direct: direct.map(ref) } : {}) },
      ...(topic === '' ? {} : { body: { topic } }),
      imported: { at: made, source: id },
    };
  } else {
    const renamed = `default:${name}` === id ? {} : { name };
    const body = topic === '' ? undefined : { topic };
    if (renamed.name !== undefined || body)
      yield change(channels, 'channel.update', id, changeSource(id, 'set', [name, topic]), renamed, {
        at: made,
        body,
      });
  }
  if (row.hops !== undefined)
    yield change(
      channels,
      'channel.update',
      id,
      changeSource(id, 'hops', row.hops),
      { hops: row.hops },
      { at: made },
    );
}

/** Comes after everything that was said in the channel. */
export function* channelEnd({ id, archived, at }: Row<'channels'>): Generator<Draft> {
  const made = at === null ? 0 : millis(at);
  if (archived)
    yield change(channels, 'channel.update', id, boundedSource(`${id}:archived`), { archived }, { at: made });
}

/** Where the messages of a channel are. */
export const channelLog = ({ id, direct = [] }: Row<'channels'>): DraftLog =>
  isConversation(id) ? { kind: 'direct', members: direct.map(ref) } : { kind: 'channel', channel: ref(id) };

/** Whom a message of a direct conversation addresses: all that are in it but its author. */
const addressed = (log: DraftLog, author: string): { to?: Ref[] } =>
  log.kind === 'direct' ? { to: log.members.filter(({ $ref }) => $ref !== author) } : {};

const mentions = (ids: readonly string[] | undefined): { mentions?: (string | Ref)[] } =>
  ids ? { mentions: ids.map((id) => (id === 'here' ? id : ref(id))) } : {};

/** What a message says besides its text; without the references to what is missing. */
function messageData(row: Row<'messages'>, missing: (id: string) => boolean): Record<string, unknown> {
  const references = (row.references ?? []).filter(({ id }) => !missing(id));
  return {
    ...mentions(row.mentions),
    ...(references.length > 0
      ? { references: references.map(({ kind, id }) => ({ kind, id: ref(id) })) }
      : {}),
    ...(row.files ? { files: row.files } : {}),
  };
}

/** A message and the marks on it; without the names of what is missing. */
export function* messageDrafts(
  row: Row<'messages'>,
  log: DraftLog,
  missing: (id: string) => boolean,
): Generator<Draft> {
  const { id, thread, answers } = row;
  const at = millis(row.at);
  yield {
    ref: id,
    log,
    type: 'message.create',
    data: {
      ...messageData(row, missing),
      ...addressed(log, row.author),
      ...(thread !== undefined && !missing(thread) ? { thread: ref(thread) } : {}),
      ...(answers !== undefined && !missing(answers) ? { answers: ref(answers) } : {}),
    },
    body: { text: row.text ?? '' },
    imported: madeBy(row),
  };
  yield* removal(log, row);
  if (row.pinned) yield change(log, 'message.pin', id, boundedSource(`${id}:pin`), {}, { at });
  if (row.resolved) yield change(log, 'thread.resolve', id, boundedSource(`${id}:resolved`), {}, { at });
}

/** The same message again, with references to what came after it; nothing where the text was removed. */
export function* referencesDraft(
  row: Row<'messages'>,
  log: DraftLog,
  missing: (id: string) => boolean,
): Generator<Draft> {
  const { id, text, author } = row;
  if (text === null) return;
  const by = { at: millis(row.at), author, body: { text } };
  yield change(log, 'message.edit', id, boundedSource(`${id}:references`), messageData(row, missing), by);
}

export function reactionDraft({ id, message, emoji, member, at }: Row<'reactions'>, log: DraftLog): Draft {
  return change(log, 'message.react', message, id, { emoji }, { at: millis(at), author: member });
}

/** A task with its labels; evidence may name messages and comes later. */
export function* taskDrafts(row: Row<'tasks'>): Generator<Draft> {
  const [labels = [], ...more] = chunks(row.labels, listBytes);
  const { id, short, priority, assignee, reviewer, due, description, criteria, moved } = row;
  const by = { at: millis(row.at), author: row.author };
  yield {
    ref: id,
    log: tasks,
    type: 'task.create',
    data: {
      short,
      priority,
      ...(assignee === null ? {} : { assignee: ref(assignee) }),
      ...(reviewer === null ? {} : { reviewer: ref(reviewer) }),
      ...(due === null ? {} : { due: millis(due) }),
      ...(labels.length > 0 ? { labels } : {}),
      ...(moved === null && row.status !== 'todo' ? { status: row.status } : {}),
    },
    body: {
      title: row.title ?? 'removed',
      ...(description === null ? {} : { description }),
      ...(criteria === null ? {} : { criteria }),
    },
    imported: madeBy(row),
  };
  for (const addLabels of more)
    yield change(tasks, 'task.update', id, changeSource(id, 'labels', addLabels), { addLabels }, by);
  if (moved) {
    const at = millis(moved.at);
    const body = moved.reason === null ? undefined : { reason: moved.reason };
    const source = moveSource(id, row.status, at);
    yield change(tasks, 'task.move', id, source, { to: row.status }, { at, author: moved.by, body });
  }
  yield* removal(tasks, row);
}

export function* evidenceDrafts(row: Row<'tasks'>, known: (message: string) => boolean): Generator<Draft> {
  const evidence = row.evidence.map(({ kind, ref: to }) => ({
    kind,
    ref: kind === 'message' && known(to) ? ref(to) : to,
  }));
  for (const addEvidence of chunks(evidence, listBytes)) {
    const source = changeSource(row.id, 'evidence', addEvidence);
    yield change(
      tasks,
      'task.update',
      row.id,
      source,
      { addEvidence },
      { at: millis(row.at), author: row.author },
    );
  }
}

export function linkDraft({ id, from, kind, to, author, at }: Row<'links'>): Draft {
  return change(tasks, 'task.link', from, id, { kind, to: ref(to) }, { at: millis(at), author });
}

export function* commentDrafts(row: Row<'comments'>): Generator<Draft> {
  yield {
    ref: row.id,
    log: tasks,
    type: 'comment.create',
    data: { task: ref(row.task), ...mentions(row.mentions) },
    body: { text: row.text ?? '' },
    imported: madeBy(row),
  };
  yield* removal(tasks, row);
}

export function* memoryDrafts(row: Row<'memory'>, missing: (id: string) => boolean): Generator<Draft> {
  const log: DraftLog = { kind: 'memory' };
  const { id, key, title, tags, kind, sources, expires } = row;
  const supersedes = row.supersedes.filter((other) => !missing(other));
  yield {
    ref: id,
    log,
    type: 'memory.create',
    data: {
      ...(key === undefined ? {} : { key }),
      ...(tags.length > 0 ? { tags } : {}),
      ...(kind === undefined ? {} : { kind }),
      ...(sources.length > 0 ? { sources } : {}),
      ...(expires === undefined ? {} : { expires: millis(expires) }),
      ...(supersedes.length > 0 ? { supersedes: supersedes.map(ref) } : {}),
    },
    body: { ...(title === null ? {} : { title }), text: row.text ?? '' },
    imported: madeBy(row),
  };
  yield* removal(log, row);
  if (row.forgotten)
    yield change(
      log,
      'memory.forget',
      id,
      boundedSource(`${id}:forgotten`),
      {},
      { at: millis(row.at), author: row.author },
    );
}
