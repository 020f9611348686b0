import type { Row, RowKind } from '../export/rows.ts';
import {
  channelDrafts,
  channelEnd,
  channelLog,
  commentDrafts,
  evidenceDrafts,
  linkDraft,
  memberDraft,
  memoryDrafts,
  messageDrafts,
  reactionDraft,
  referencesDraft,
  taskDrafts,
} from './coterie/drafts.ts';
import { type ExportFiles, openExport } from './coterie/files.ts';
import { inOrder } from './coterie/order.ts';
import { answered, type Survey, survey } from './coterie/survey.ts';
import type { Draft, DraftLog, Importer, SetAside } from './draft.ts';

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
  const channels = new Map<string, Row<'channels'>>();
  for await (const { row } of files.rows('channels')) {
    channels.set(row.id, row);
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
  const logOf = (channel: string | undefined): DraftLog | undefined => {
    const row = channel === undefined ? undefined : channels.get(channel);
    return row && channelLog(row);
  };
  yield* writeMessages(files, found, given, logOf);
  for await (const { row } of files.rows('reactions')) {
    const log = logOf(given.get(row.message));
    if (log === undefined)
      yield { what: 'reaction', source: row.id, reason: `its message ${row.message} is not in the export` };
    else yield reactionDraft(row, log);
  }
  for (const row of evidence) yield* evidenceDrafts(row, (id) => given.has(id));
  for await (const { row } of files.rows('comments')) yield* commentDrafts(row);
  for await (const { row } of files.rows('links')) yield linkDraft(row);
  for (const row of channels.values()) yield* channelEnd(row);
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
  logOf: (channel: string) => DraftLog | undefined,
): AsyncGenerator<Draft | SetAside> {
  const named = (id: string): boolean => found.named.has(id);
  const exists = { task: found.tasks, memory: found.memory, message: given };
  const later: Row<'messages'>[] = [];
  for await (const { item, missing } of inOrder(rowsOf(files, 'messages'), answered, named, new Set())) {
    for (const id of missing) yield leftOut(item, id);
    const absent = (item.references ?? []).filter(({ kind, id }) => !exists[kind].has(id));
    const log = logOf(item.channel);
    // The survey refused what names a channel that is not there.
    if (log === undefined) continue;
    yield* messageDrafts(item, log, (id) => missing.has(id) || absent.some((to) => to.id === id));
    if (absent.length > 0) later.push(item);
    if (named(item.id)) given.set(item.id, item.channel);
  }
  // An edit may have named what was said after the message, even an answer to it.
  for (const item of later) {
    const absent = (item.references ?? []).filter(({ kind, id }) => !exists[kind].has(id));
    for (const { id } of absent) yield leftOut(item, id);
    const all = item.references?.length === absent.length;
    const log = logOf(item.channel);
    if (!all && log) yield* referencesDraft(item, log, (id) => absent.some((to) => to.id === id));
  }
}

const leftOut = ({ id }: Row<'messages'>, missing: string): SetAside => ({
  what: 'message',
  source: id,
  reason: `names ${missing}, which is not in the export: left out`,
});
