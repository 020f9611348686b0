import { join } from 'node:path';
import type { Draft, Importer, SetAside } from './draft.ts';
import { type Folder, invalid } from './folder.ts';
import { displayName, makeChannelNames, makeHandles, mapName } from './names.ts';
import { openFolder } from './open.ts';
import { type MemoryFile, memoryDrafts, memoryFiles } from './reflectt/memory.ts';
import { addressee, channelDrafts, messageDrafts, placeOf } from './reflectt/messages.ts';
import { memberSource, messageSource, named, taskSource } from './reflectt/names.ts';
import {
  ReflecttComment,
  ReflecttEvent,
  ReflecttMessage,
  ReflecttTask,
  readTrail,
  type Trail,
} from './reflectt/shapes.ts';
import { linkDrafts, taskDrafts } from './reflectt/tasks.ts';

const files = {
  messages: 'messages.jsonl',
  tasks: 'tasks.jsonl',
  comments: 'tasks.comments.jsonl',
  history: 'tasks.history.jsonl',
} as const;

interface Found {
  readonly messages: Trail<ReflecttMessage>;
  readonly tasks: Trail<ReflecttTask>;
  readonly comments: Trail<ReflecttComment>;
  readonly history: Trail<ReflecttEvent>;
  readonly memory: readonly (MemoryFile & { readonly text: string })[];
}

/**
 * Reads the data directory of reflectt-node: trails of messages and tasks as JSONL, and the memory files of agents where
 * they lie in it. All of it is read before the first draft. The mapping is in docs/import.md.
 */
export function reflecttImporter(path: string): Importer {
  const read: Record<string, number> = {};
  let done = 0;
  let total: number | null = null;
  return {
    format: 'reflectt',
    read,
    progress: () => ({ stage: 'reflectt', done, total }),
    async *drafts(signal) {
      const found = await readAll(path, signal);
      const members = membersOf(found);
      read['members'] = members.size;
      read['messages'] = found.messages.rows.size;
      read['tasks'] = found.tasks.rows.size;
      read['comments'] = found.comments.rows.size;
      read['memory'] = found.memory.length;
      total = found.messages.rows.size + found.tasks.rows.size + found.memory.length;
      yield* memberDrafts(members);
      for (const [what, { deleted }, sourceOf] of [
        ['message', found.messages, messageSource],
        ['task', found.tasks, taskSource],
      ] as const)
        for (const id of deleted) yield { what, source: sourceOf(id), reason: 'was deleted there' };
      for (const file of found.memory) {
        yield* memoryDrafts(file, file.text);
        done++;
      }
      const names = makeChannelNames();
      yield* channelDrafts(found.messages.rows.values(), (channel) => names(channel, 'channel'));
      for await (const draft of messagesOf(found.messages, members)) {
        if ('type' in draft && draft.type === 'message.create') done++;
        yield draft;
      }
      for (const draft of tasksOf(found)) {
        if ('type' in draft && draft.type === 'task.create') done++;
        yield draft;
      }
      yield* linkDrafts(found.tasks.rows);
    },
  };
}

async function readAll(path: string, signal: AbortSignal | undefined): Promise<Found> {
  const folder = await openFolder(path);
  try {
    const trail = async <T extends { readonly id: string }>(
      name: string,
      shape: Parameters<typeof readTrail<T>>[1],
    ): Promise<Trail<T>> =>
      folder.files.has(name)
        ? readTrail(join(path, name), shape, signal)
        : { rows: new Map(), deleted: new Set() };
    const found = {
      messages: await trail(files.messages, ReflecttMessage),
      tasks: await trail(files.tasks, ReflecttTask),
      comments: await trail(files.comments, ReflecttComment),
      history: await trail(files.history, ReflecttEvent),
      memory: await memoryOf(folder),
    };
    if (!Object.values(files).some((name) => folder.files.has(name)) && found.memory.length === 0)
      throw invalid(
        `${folder.name} holds neither ${files.messages} nor ${files.tasks} nor workspace-*/MEMORY.md`,
      );
    return found;
  } finally {
    await folder.close();
  }
}

async function memoryOf(folder: Folder): Promise<Found['memory']> {
  const all: (MemoryFile & { text: string })[] = [];
  for (const file of memoryFiles(folder))
    all.push({ ...file, text: (await folder.read(file.path)).toString('utf8') });
  return all;
}

/** Everyone who is named, with the time of what they did first, in order of name. */
function membersOf({ messages, tasks, comments, history, memory }: Found): Map<string, number> {
  const first = new Map<string, number>();
  const meet = (name: string | null | undefined, at: number): void => {
    const who = named(name);
    if (who !== undefined) first.set(who, Math.min(first.get(who) ?? at, at));
  };
  for (const message of messages.rows.values()) {
    meet(message.from, message.timestamp);
    meet(addressee(message), message.timestamp);
    for (const names of Object.values(message.reactions ?? {}))
      for (const name of names) meet(name, message.timestamp);
  }
  for (const task of tasks.rows.values())
    for (const name of [task.createdBy, task.assignee, task.reviewer]) meet(name, task.createdAt);
  for (const { author, timestamp } of comments.rows.values()) meet(author, timestamp);
  for (const { actor, timestamp, type } of history.rows.values())
    if (type === 'status_changed') meet(actor, timestamp);
  for (const { agent } of memory) meet(agent, first.get(agent) ?? 0);
  return new Map([...first].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function* memberDrafts(members: ReadonlyMap<string, number>): Generator<Draft> {
  const handles = makeHandles();
  for (const [name, at] of members) {
    const source = memberSource(name);
    const handle = handles(name, 'agent');
    yield {
      ref: source,
      log: { kind: 'members' },
      type: 'member.create',
      // It does not say who is human; those who use it mostly are not.
      data: { handle, kind: 'agent' },
      body: { name: displayName(name)?.text ?? handle },
      imported: { at, source },
    };
  }
}

/** In order of time; a reply stays in its thread where that is said in the same place, and came before it. */
function* messagesOf(
  { rows }: Trail<ReflecttMessage>,
  members: ReadonlyMap<string, number>,
): Generator<Draft | SetAside> {
  const given = new Map<string, ReflecttMessage>();
  const sorted = [...rows.values()].sort((a, b) => a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1));
  for (const message of sorted) {
    const thread = named(message.threadId);
    let root = thread === undefined ? undefined : given.get(thread);
    if (root && placeOf(root) !== placeOf(message)) root = undefined;
    if (thread !== undefined && !root)
      yield {
        what: 'message',
        source: messageSource(message.id),
        reason: `its thread ${thread} is not before it in the same place: written as a plain message`,
      };
    yield* messageDrafts(message, root, (name) => members.has(name));
    // Below a reply it goes on in the thread of that.
    given.set(message.id, root ?? message);
  }
}

function* tasksOf({ tasks, comments, history }: Found): Generator<Draft | SetAside> {
  const said = new Map<string, ReflecttComment[]>();
  for (const comment of comments.rows.values())
    said.set(comment.taskId, [...(said.get(comment.taskId) ?? []), comment]);
  const moves = new Map<string, ReflecttEvent>();
  for (const event of history.rows.values())
    if (event.type === 'status_changed' && event.data?.['to'] === tasks.rows.get(event.taskId)?.status)
      moves.set(event.taskId, event);
  const sorted = [...tasks.rows.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const counts = new Map<string, number>();
  for (const task of sorted) {
    const prefix = mapName(task.createdBy, 32) || 'task';
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    yield* taskDrafts(task, `${prefix}-${count}`, said.get(task.id) ?? [], moves.get(task.id));
  }
  for (const [id, all] of said)
    if (!tasks.rows.has(id))
      yield {
        what: 'comment',
        source: taskSource(id),
        reason: `${all.length} on a task that is not in the file`,
      };
}
