import type { Message } from '../../schemas/index.ts';
import type { Names } from './names.ts';
import type {
  ExportComment,
  ExportLink,
  ExportMemory,
  ExportMessage,
  ExportReaction,
  ExportTask,
} from './reader.ts';
import type { Row } from './rows.ts';

// Things as rows: own keys in the order of rows.ts, every id an outside one, lists without a meaning in their order sorted.

type References = NonNullable<Row<'messages'>['references']>;

const removal = (removed: { by: { id: string }; at: string } | undefined, names: Names) =>
  removed ? { removed: { at: removed.at, by: names.member(removed.by) } } : {};

/** Its keys in order, however they were stored. */
const fileRow = ({ name, url, bytes, mime }: NonNullable<Message['files']>[number]) => ({
  name,
  url,
  ...(bytes === undefined ? {} : { bytes }),
  ...(mime === undefined ? {} : { mime }),
});

const mentionsOf = (mentions: Message['mentions'], names: Names) =>
  mentions && mentions.length > 0
    ? { mentions: mentions.map((person) => (person.id === 'here' ? 'here' : names.member(person))) }
    : {};

export async function messageRow(
  message: ExportMessage,
  channel: string,
  names: Names,
): Promise<Row<'messages'>> {
  const references: References = [];
  for (const { kind, id } of message.references ?? [])
    if (kind === 'message' || kind === 'task' || kind === 'memory')
      references.push({ kind, id: await names.refer(id) });
  return {
    id: names.id(message.id, message.imported?.source),
    channel,
    author: names.member(message.author),
    at: message.at,
    text: message.text,
    ...(message.thread === undefined ? {} : { thread: await names.refer(message.thread) }),
    ...(message.answers === undefined ? {} : { answers: await names.refer(message.answers) }),
    ...mentionsOf(message.mentions, names),
    ...(references.length > 0 ? { references } : {}),
    ...(message.files && message.files.length > 0 ? { files: message.files.map(fileRow) } : {}),
    ...(message.pinned ? { pinned: true } : {}),
    ...(message.resolved ? { resolved: true } : {}),
    ...removal(message.removed, names),
  };
}

export async function reactionRow(reaction: ExportReaction, names: Names): Promise<Row<'reactions'>> {
  return {
    id: names.id(reaction.id, reaction.source),
    message: await names.refer(reaction.message),
    emoji: reaction.emoji,
    member: names.member(reaction.by),
    at: reaction.at,
  };
}

export async function taskRow(task: ExportTask, names: Names): Promise<Row<'tasks'>> {
  const evidence: Row<'tasks'>['evidence'] = [];
  for (const { kind, ref } of task.evidence)
    evidence.push({
      kind,
      ref: kind === 'message' && /^[a-z2-7]{26}$/.test(ref) ? await names.refer(ref) : ref,
    });
  return {
    id: names.id(task.id, task.imported?.source),
    short: task.short,
    title: task.title,
    description: task.description,
    criteria: task.criteria,
    status: task.status,
    moved: task.moved
      ? { at: task.moved.at, by: names.memberOrNull(task.moved.by), reason: task.moved.reason }
      : null,
    priority: task.priority,
    assignee: names.memberOrNull(task.assignee),
    reviewer: names.memberOrNull(task.reviewer),
    labels: [...task.labels].sort(),
    due: task.due,
    evidence,
    author: names.member(task.creator),
    at: task.created,
    ...removal(task.removed, names),
  };
}

export async function linkRow(link: ExportLink, names: Names): Promise<Row<'links'>> {
  return {
    id: names.id(link.id, link.source),
    from: await names.refer(link.from),
    kind: link.kind,
    to: await names.refer(link.to),
    author: names.memberOrNull(link.by),
    at: link.at,
  };
}

export async function commentRow(comment: ExportComment, names: Names): Promise<Row<'comments'>> {
  return {
    id: names.id(comment.id, comment.imported?.source),
    task: await names.refer(comment.task),
    author: names.member(comment.author),
    at: comment.at,
    text: comment.text,
    ...mentionsOf(comment.mentions, names),
    ...removal(comment.removed, names),
  };
}

export async function memoryRow(memory: ExportMemory, names: Names): Promise<Row<'memory'>> {
  const supersedes = await Promise.all(memory.supersedes.map((id) => names.refer(id)));
  return {
    id: names.id(memory.id, memory.imported?.source),
    ...(memory.key === undefined ? {} : { key: memory.key }),
    title: memory.title,
    text: memory.text,
    tags: [...memory.tags].sort(),
    ...(memory.kind === undefined ? {} : { kind: memory.kind }),
    sources: memory.sources,
    ...(memory.expires === undefined ? {} : { expires: memory.expires }),
    supersedes: supersedes.sort(),
    forgotten: memory.forgotten,
    author: names.member(memory.by),
    at: memory.at,
    ...removal(memory.removed, names),
  };
}
