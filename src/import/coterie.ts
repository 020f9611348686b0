import type { Row, RowKind } from '../export/rows.ts';
import {
  channelDrafts,
  channelEnd,
  commentDrafts,
  evidenceDrafts,
  linkDraft,
  memberDraft,
  memoryDrafts,
  messageDrafts,
  reactionDraft,
  taskDrafts,
} from './coterie/drafts.ts';
import { type ExportFiles, openExport } from './coterie/files.ts';
import { inOrder } from './coterie/order.ts';
import { messagesNamed, type Survey, survey } from './coterie/survey.ts';
import { type Draft, type Importer, ref, type SetAside } from './draft.ts';

/**
 * Reads a directory that Coterie exported. Every row keeps its id as `imported.source`, so that an export of what was
 * imported has the same bytes. All files are read once before the first draft. Limits are in docs/import.md.
 */
export function coterieImporter(directory: string): Importer {
  const read: Record<string, number> = {};
  let files: ExportFiles | undefined;
  return {
    format: 'coterie',
    read,
    progress: () => ({ stage: 'coterie', done: files?.done() ?? 0, total: files ? 2 * files.bytes : null }),
    async *drafts(signal) {
      files = await openExport(directory, signal);
      const found = await survey(files);
      Object.assign(read, found.counts);
      yield* write(files, found);
    },
  };
}

/** In an order in which everything comes after what it names. */
async function* write(files: ExportFiles, found: Survey): AsyncGenerator<Draft | SetAside> {
  for await (const { row } of files.rows('members')) yield memberDraft(row);
  const channels: Row<'channels'>[] = [];
  for await (const { row } of files.rows('channels')) {
    channels.push(row);
    yield* channelDrafts(row);
  }
  const evidence: Row<'tasks'>[] = [];
  for await (const { row } of files.rows('tasks')) {
    if (row.evidence.length > 0) evidence.push(row);
    yield* taskDrafts(row);
  }
  yield* writeMemory(files, found);

  /** Messages that were given and that something names, and their channels. */
  const given = new Map<string, string>();
  yield* writeMessages(files, found, given);
  for await (const { row } of files.rows('reactions')) {
    const channel = given.get(row.message);
    if (channel === undefined)
      yield { what: 'reaction', source: row.id, reason: `its message ${row.message} is not in the export` };
    else yield reactionDraft(row, ref(channel));
  }
  for (const row of evidence) yield* evidenceDrafts(row, (id) => given.has(id));
  for await (const { row } of files.rows('comments')) yield* commentDrafts(row);
  for await (const { row } of files.rows('links')) yield linkDraft(row);
  for (const row of channels) yield* channelEnd(row);
}

async function* rowsOf<K extends RowKind>(
  files: ExportFiles,
  kind: K,
): AsyncGenerator<Row<K>, void, undefined> {
  for await (const { row } of files.rows(kind)) yield row;
}

async function* writeMemory(files: ExportFiles, found: Survey): AsyncGenerator<Draft | SetAside> {
  const named = (id: string): boolean => found.memory.has(id);
  const all = inOrder(rowsOf(files, 'memory'), (row) => row.supersedes, named, new Set());
  for await (const { item, missing } of all) {
    for (const id of missing)
      yield {
        what: 'memory',
        source: item.id,
        reason: `supersedes ${id}, which is not in the export: left out`,
      };
    yield* memoryDrafts(item, (id) => missing.has(id));
  }
}

async function* writeMessages(
  files: ExportFiles,
  found: Survey,
  given: Map<string, string>,
): AsyncGenerator<Draft | SetAside> {
  const named = (id: string): boolean => found.named.has(id);
  const known = { task: found.tasks, memory: found.memory };
  for await (const { item, missing } of inOrder(rowsOf(files, 'messages'), messagesNamed, named, new Set())) {
    const absent = new Set(missing);
    for (const { kind, id } of item.references ?? [])
      if (kind !== 'message' && !known[kind].has(id)) absent.add(id);
    for (const id of absent)
      yield { what: 'message', source: item.id, reason: `names ${id}, which is not in the export: left out` };
    yield* messageDrafts(item, (id) => absent.has(id));
    if (named(item.id)) given.set(item.id, item.channel);
  }
}
