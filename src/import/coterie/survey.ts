import type { Row } from '../../export/rows.ts';
import { invalid } from '../folder.ts';
import { defaultChannels } from '../names.ts';
import type { ExportFiles, Placed } from './files.ts';

/** What a first reading of all files found. */
export interface Survey {
  /** Ids, a noun each; those of messages are only remembered where something names them. */
  readonly tasks: ReadonlySet<string>;
  readonly memory: ReadonlySet<string>;
  /** Ids of messages that something names, whether or not they are in the file. */
  readonly named: ReadonlySet<string>;
  readonly counts: Readonly<Record<string, number>>;
}

export const isDefault = (id: string): boolean =>
  id.startsWith('default:') && defaultChannels.includes(id.slice('default:'.length));

export const isConversation = (id: string): boolean => id.startsWith('direct:');

/**
 * Reads every row once, so that a damaged export is refused before anything of it is written.
 * @throws {CoterieError} `import_invalid` naming the line
 */
export async function survey(files: ExportFiles): Promise<Survey> {
  const ids = {
    members: new Set<string>(),
    channels: new Set<string>(),
    tasks: new Set<string>(),
    memory: new Set<string>(),
    comments: new Set<string>(),
  };
  const conversations = new Map<string, ReadonlySet<string>>();
  const named = new Set<string>();
  const counts: Record<string, number> = {};
  const count = (noun: string): void => {
    counts[noun] = (counts[noun] ?? 0) + 1;
  };
  const need = (
    known: ReadonlySet<string>,
    id: string | null,
    what: string,
    { place }: { place: string },
  ): void => {
    if (id !== null && !known.has(id)) throw invalid(`${place}: ${what} ${id} is not in the export`);
  };
  const needMembers = (row: Placed<'messages' | 'comments' | 'tasks' | 'memory'>): void => {
    need(ids.members, row.row.author, 'member', row);
    need(ids.members, row.row.removed?.by ?? null, 'member', row);
    const mentions: Row<'messages'>['mentions'] = 'mentions' in row.row ? row.row.mentions : [];
    for (const id of mentions ?? []) if (id !== 'here') need(ids.members, id, 'member', row);
  };
  const add = (known: Set<string>, { row: { id }, place }: { row: { id: string }; place: string }): void => {
    if (known.has(id)) throw invalid(`${place}: ${id} stands there twice`);
    known.add(id);
  };

  for await (const placed of files.rows('members')) {
    add(ids.members, placed);
    count('members');
  }
  for await (const placed of files.rows('channels')) {
    add(ids.channels, placed);
    if (placed.row.id.startsWith('default:') && !isDefault(placed.row.id))
      throw invalid(`${placed.place}: ${placed.row.id} is not one of the channels that every workspace has`);
    for (const id of placed.row.direct ?? []) need(ids.members, id, 'member', placed);
    if (isConversation(placed.row.id)) conversations.set(placed.row.id, new Set(placed.row.direct));
    count('channels');
  }
  for await (const placed of files.rows('tasks')) {
    add(ids.tasks, placed);
    needMembers(placed);
    const { assignee, reviewer, moved } = placed.row;
    for (const id of [assignee, reviewer, moved?.by ?? null]) need(ids.members, id, 'member', placed);
    for (const { kind, ref } of placed.row.evidence) if (kind === 'message') named.add(ref);
    count('tasks');
  }
  for await (const placed of files.rows('links')) {
    for (const id of [placed.row.from, placed.row.to]) need(ids.tasks, id, 'task', placed);
    need(ids.members, placed.row.author, 'member', placed);
    count('links');
  }
  for await (const placed of files.rows('comments')) {
    add(ids.comments, placed);
    need(ids.tasks, placed.row.task, 'task', placed);
    needMembers(placed);
    count('comments');
  }
  for await (const placed of files.rows('memory')) {
    add(ids.memory, placed);
    needMembers(placed);
    count('memory');
  }
  counts['threads'] = await surveyMessages(files, {
    channels: ids.channels,
    conversations,
    named,
    count,
    need,
    needMembers,
  });
  for await (const placed of files.rows('reactions')) {
    named.add(placed.row.message);
    need(ids.members, placed.row.member, 'member', placed);
    count('reactions');
  }
  return { tasks: ids.tasks, memory: ids.memory, named, counts };
}

/** The number of threads. */
async function surveyMessages(
  files: ExportFiles,
  known: {
    readonly channels: ReadonlySet<string>;
    readonly conversations: ReadonlyMap<string, ReadonlySet<string>>;
    readonly named: Set<string>;
    count(noun: string): void;
    need(known: ReadonlySet<string>, id: string | null, what: string, placed: { place: string }): void;
    needMembers(row: Placed<'messages'>): void;
  },
): Promise<number> {
  const threads = new Set<string>();
  for await (const placed of files.rows('messages')) {
    known.need(known.channels, placed.row.channel, 'channel', placed);
    known.needMembers(placed);
    if (known.conversations.get(placed.row.channel)?.has(placed.row.author) === false)
      throw invalid(`${placed.place}: ${placed.row.author} is not in the conversation ${placed.row.channel}`);
    for (const id of answered(placed.row)) known.named.add(id);
    for (const { kind, id } of placed.row.references ?? []) if (kind === 'message') known.named.add(id);
    if (placed.row.thread !== undefined) threads.add(placed.row.thread);
    known.count('messages');
  }
  return threads.size;
}

/** Messages that a message comes after. */
export const answered = ({ thread, answers }: Row<'messages'>): string[] =>
  [thread, answers].filter((id) => id !== undefined);
