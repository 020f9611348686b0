import type { Person } from '../../../schemas/index.ts';
import type { ExportReader } from '../../../src/export/reader.ts';
import type { MemorySink, Stored } from './sink.ts';

const iso = (at: number): string => new Date(at).toISOString();
const defaults = ['general', 'problems', 'shipping', 'dev', 'decisions'];

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** Reads what an in-memory sink holds, as a replica would show it. */
export function sinkReader(sink: MemorySink, workspace: string, defaultIds: readonly string[]): ExportReader {
  const byId = new Map(sink.stored.map((entry) => [entry.id, entry]));
  const idOf = (ref: string): string =>
    sink.bySource(ref)?.id ?? defaultIds[defaults.indexOf(ref.slice(8))] ?? ref;
  const person = (id: string): Person => {
    const handle = String(byId.get(id)?.data['handle'] ?? id);
    return { id, handle, name: byId.get(id)?.draft.body?.['name'] ?? handle };
  };
  const by = (entry: Stored): Person =>
    person(entry.draft.imported.author ? idOf(entry.draft.imported.author.$ref) : '');
  const at = (entry: Stored): string => iso(entry.draft.imported.at);
  const imported = (entry: Stored) => ({ source: entry.draft.imported.source, by: person('') });
  const bySubject = new Map<string, Stored[]>();
  const replies = new Map<unknown, number>();
  for (const entry of sink.stored) {
    const key = `${entry.draft.type} ${entry.subject}`;
    if (entry.subject !== undefined) bySubject.set(key, [...(bySubject.get(key) ?? []), entry]);
    const { thread } = entry.data;
    if (thread !== undefined) replies.set(thread, (replies.get(thread) ?? 0) + 1);
  }
  const done = (type: Stored['draft']['type'], id: string): Stored[] => bySubject.get(`${type} ${id}`) ?? [];
  const latest = (entry: Stored) => done('message.edit', entry.id).at(-1)?.data ?? entry.data;
  const removedOf = (id: string) => {
    const [redact] = done('redact', id);
    return redact ? { removed: { by: by(redact), at: at(redact) } } : {};
  };
  const inChannel = (type: Stored['draft']['type'], channel: string): Stored[] =>
    sink
      .ofType(type)
      .filter(({ draft }) => draft.log.kind === 'channel' && idOf(draft.log.channel.$ref) === channel);
  const text = (entry: Stored): string | null =>
    done('redact', entry.id).length > 0 ? null : (entry.draft.body?.['text'] ?? null);
  const optional = <T>(key: string, value: T | undefined) => (value === undefined ? {} : { [key]: value });

  const channelOf = (id: string, created: Stored | undefined, name: string) => {
    const updates = done('channel.update', id);
    const last = <T>(pick: (entry: Stored) => T | undefined): T | undefined =>
      updates.map(pick).findLast((value) => value !== undefined);
    return {
      id,
      name: last((entry) => entry.data['name'] as string | undefined) ?? name,
      topic: last((entry) => entry.draft.body?.['topic']) ?? created?.draft.body?.['topic'] ?? '',
      archived: last((entry) => entry.data['archived'] as boolean | undefined) ?? false,
      ...optional(
        'hops',
        last((entry) => entry.data['hops'] as number | undefined),
      ),
      ...(created?.data['direct'] ? { direct: (created.data['direct'] as string[]).map(person) } : {}),
    };
  };

  return {
    workspace,
    members: () =>
      each(
        sink.ofType('member.create').map((entry) => ({
          ...person(entry.id),
          kind: entry.data['kind'] as 'agent',
          created: at(entry),
          imported: true,
          source: entry.draft.imported.source,
        })),
      ),
    channels: () =>
      each([
        ...defaults.map((name, i) => ({
          ...channelOf(defaultIds[i] ?? '', undefined, name),
          default: name,
          at: null,
        })),
        ...sink.ofType('channel.create').map((entry) => ({
          ...channelOf(entry.id, entry, String(entry.data['name'])),
          source: entry.draft.imported.source,
          at: at(entry),
        })),
      ]),
    messages: (channel) =>
      each(
        inChannel('message.create', channel).map((entry) => ({
          id: entry.id,
          author: by(entry),
          text: text(entry),
          at: at(entry),
          ...optional('thread', entry.data['thread'] as string | undefined),
          ...optional('answers', entry.data['answers'] as string | undefined),
          ...optional('files', entry.data['files'] as [] | undefined),
          ...optional('references', latest(entry)['references'] as [] | undefined),
          ...(entry.data['mentions'] ? { mentions: (entry.data['mentions'] as string[]).map(person) } : {}),
          replies: replies.get(entry.id) ?? 0,
          pinned: done('message.pin', entry.id).length > 0,
          resolved: done('thread.resolve', entry.id).length > 0,
          reactions: [],
          ...removedOf(entry.id),
          imported: imported(entry),
        })),
      ),
    reactions: (channel) =>
      each(
        inChannel('message.react', channel).map((entry) => ({
          id: entry.id,
          source: entry.draft.imported.source,
          message: entry.subject ?? '',
          emoji: String(entry.data['emoji']),
          by: by(entry),
          at: at(entry),
        })),
      ),
    tasks: () =>
      each(
        sink.ofType('task.create').map((entry) => {
          const removed = removedOf(entry.id);
          const words = (field: string): string | null =>
            'removed' in removed ? null : (entry.draft.body?.[field] ?? null);
          const move = done('task.move', entry.id).at(-1);
          const updates = done('task.update', entry.id);
          const member = (id: unknown): Person | null => (typeof id === 'string' ? person(id) : null);
          return {
            id: entry.id,
            short: String(entry.data['short']),
            title: words('title'),
            description: words('description'),
            criteria: words('criteria'),
            status: (move?.data['to'] ?? entry.data['status'] ?? 'todo') as 'todo',
            priority: entry.data['priority'] as 'P2',
            assignee: member(entry.data['assignee']),
            reviewer: member(entry.data['reviewer']),
            labels: [
              ...((entry.data['labels'] as string[]) ?? []),
              ...updates.flatMap(({ data }) => (data['addLabels'] as string[]) ?? []),
            ],
            due: typeof entry.data['due'] === 'number' ? iso(entry.data['due']) : null,
            evidence: updates.flatMap(({ data }) => (data['addEvidence'] as []) ?? []),
            creator: by(entry),
            created: at(entry),
            moved: move
              ? {
                  at: at(move),
                  by: move.draft.imported.author ? by(move) : null,
                  reason: move.draft.body?.['reason'] ?? null,
                }
              : null,
            ...removed,
            imported: imported(entry),
          };
        }),
      ),
    links: () =>
      each(
        sink.ofType('task.link').map((entry) => ({
          id: entry.id,
          source: entry.draft.imported.source,
          from: entry.subject ?? '',
          kind: entry.data['kind'] as 'blocks',
          to: String(entry.data['to']),
          by: entry.draft.imported.author ? by(entry) : null,
          at: at(entry),
        })),
      ),
    comments: () =>
      each(
        sink.ofType('comment.create').map((entry) => ({
          id: entry.id,
          task: String(entry.data['task']),
          author: by(entry),
          text: text(entry),
          at: at(entry),
          ...(entry.data['mentions'] ? { mentions: (entry.data['mentions'] as string[]).map(person) } : {}),
          ...removedOf(entry.id),
          imported: imported(entry),
        })),
      ),
    memory: () =>
      each(
        sink.ofType('memory.create').map((entry) => ({
          id: entry.id,
          ...optional('key', entry.data['key'] as string | undefined),
          title: text(entry) === null ? null : (entry.draft.body?.['title'] ?? null),
          text: text(entry),
          tags: (entry.data['tags'] as string[]) ?? [],
          ...optional('kind', entry.data['kind'] as string | undefined),
          sources: (entry.data['sources'] as string[]) ?? [],
          ...(typeof entry.data['expires'] === 'number' ? { expires: iso(entry.data['expires']) } : {}),
          supersedes: (entry.data['supersedes'] as string[]) ?? [],
          forgotten: done('memory.forget', entry.id).length > 0,
          by: by(entry),
          at: at(entry),
          ...removedOf(entry.id),
          imported: imported(entry),
        })),
      ),
    source: (id) => Promise.resolve(byId.get(id)?.draft.imported.source),
  };
}
