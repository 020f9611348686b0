import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ExportSummary } from '../../schemas/index.ts';
import type { LongWork } from '../replica/surface.ts';
import { channelHead, messageItem } from './markdown.ts';
import { type Names, readNames } from './names.ts';
import type { ExportChannel, ExportMessage, ExportReader } from './reader.ts';
import { commentRow, linkRow, memoryRow, messageRow, reactionRow, taskRow } from './row.ts';
import type { Row, RowKind } from './rows.ts';
import { createOutput, createSorter, type Sorter } from './sorter.ts';
import { fileError, fileName, openTarget, type Target } from './target.ts';

/** What an export is made with. */
export interface ExportWork extends LongWork {
  /** UTF-16 units sorted in memory, for each file being written; the rest waits on disk. */
  readonly memory?: number | undefined;
}

/** Rows after which others get a turn and the progress is told. */
const pause = 500;

/**
 * Writes a workspace as files that need no Coterie to be read: one JSONL file a noun, sorted by time, then id, and a
 * Markdown page a channel. The files depend on the history alone, not on who brought it in or where.
 * The directory appears when all of it is written.
 * @throws {CoterieError} `directory_not_empty`, `disk_full`, `directory_unreadable`; what the reader or the signal raise
 */
export async function exportTo(
  directory: string,
  reader: ExportReader,
  work: ExportWork = {},
): Promise<ExportSummary> {
  let target: Target | undefined;
  try {
    target = await openTarget(directory);
    const files = await writeAll(target.temporary, reader, work);
    await target.finish();
    return { directory: target.directory, files };
  } catch (error) {
    await target?.abandon();
    throw fileError(error, directory);
  }
}

/** Sorts by time, then id. */
const timeKey = (at: string, id: string): string => `${at} ${id}`;

/** The time of a row that has none sorts first. */
const rowKey = (row: { readonly at: string | null; readonly id: string }): string =>
  timeKey(row.at ?? '', row.id);

async function writeAll(
  temporary: string,
  reader: ExportReader,
  work: ExportWork,
): Promise<Record<string, number>> {
  const names = await readNames(reader);
  const files: Record<string, number> = {};
  let done = 0;
  const step = async (stage: string): Promise<void> => {
    if (++done % pause !== 0) return;
    work.signal?.throwIfAborted();
    work.progress?.({ stage, done, total: null });
    await new Promise((resolve) => setImmediate(resolve));
  };

  /** Writes one file, sorted, from rows that `fill` gives. */
  const write = async <K extends RowKind>(
    kind: K,
    fill: (give: (row: Row<K>) => Promise<void>) => Promise<void>,
  ): Promise<void> => {
    const sorter = createSorter(temporary, kind, work.memory);
    let rows = 0;
    try {
      await fill(async (row) => {
        await sorter.add(rowKey(row), `${JSON.stringify(row)}\n`);
        rows++;
        await step(kind);
      });
      await pour(sorter, join(temporary, `${kind}.jsonl`), '', work.signal);
    } finally {
      await sorter.close();
    }
    files[`${kind}.jsonl`] = rows;
  };

  const channels: { channel: ExportChannel; id: string }[] = [];
  for await (const channel of reader.channels()) {
    channels.push({ channel, id: channelId(channel, names) });
  }
  await write('channels', async (give) => {
    for (const { channel, id } of channels) await give(channelRow(channel, id, names));
  });
  await write('tasks', async (give) => {
    for await (const task of reader.tasks()) await give(await taskRow(task, names));
  });
  await write('links', async (give) => {
    for await (const link of reader.links()) await give(await linkRow(link, names));
  });
  await write('comments', async (give) => {
    for await (const comment of reader.comments()) await give(await commentRow(comment, names));
  });
  await write('memory', async (give) => {
    for await (const memory of reader.memory()) await give(await memoryRow(memory, names));
  });
  await write('messages', async (give) => {
    for (const { channel, id } of channels) {
      const page = createPage(temporary, channel, id, names, work);
      try {
        for await (const message of reader.messages(channel.id)) {
          const row = await messageRow(message, id, names);
          await give(row);
          await page.add(message, row);
        }
        await page.finish();
      } finally {
        await page.close();
      }
    }
  });
  await write('reactions', async (give) => {
    for (const { channel } of channels)
      for await (const reaction of reader.reactions(channel.id))
        await give(await reactionRow(reaction, names));
  });
  // Last: those belong to it whom the rest names.
  await write('members', async (give) => {
    for (const { id, member } of names.members())
      await give({ id, handle: member.handle, name: member.name, kind: member.kind, at: member.created });
  });
  return files;
}

/** A channel that every workspace has is called by its name there, a direct conversation by who is in it. */
function channelId(channel: ExportChannel, names: Names): string {
  if (channel.default !== undefined) return `default:${channel.default}`;
  if (!channel.addressed) return names.id(channel.id, channel.source);
  const members = (channel.direct ?? []).map((person) => names.member(person)).sort();
  return `direct:${createHash('sha256').update(JSON.stringify(members)).digest('hex').slice(0, 32)}`;
}

function channelRow(channel: ExportChannel, id: string, names: Names): Row<'channels'> {
  const { name, topic, archived, direct, hops, at } = channel;
  return {
    id,
    name,
    topic,
    archived,
    ...(direct ? { direct: direct.map((person) => names.member(person)).sort() } : {}),
    ...(hops === undefined ? {} : { hops }),
    at,
  };
}

/** A channel's page: first messages by time, the replies to each below it. */
function createPage(temporary: string, channel: ExportChannel, id: string, names: Names, work: ExportWork) {
  const sorter = createSorter(temporary, fileName(id), work.memory);
  /** Where the threads stand that have replies. */
  const roots = new Map<string, string>();
  return {
    async add(message: ExportMessage, row: Row<'messages'>): Promise<void> {
      const own = rowKey(row);
      const root = message.thread === undefined ? undefined : roots.get(message.thread);
      if ((message.replies ?? 0) > 0) roots.set(message.id, own);
      const key = root === undefined ? own : `${root}\u0000${own}`;
      await sorter.add(key, messageItem(message, names, root !== undefined));
    },
    finish: () =>
      pour(
        sorter,
        join(temporary, 'channels', `${fileName(id)}.md`),
        channelHead(channel, names),
        work.signal,
      ),
    close: () => sorter.close(),
  };
}

async function pour(
  sorter: Sorter,
  path: string,
  head: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const out = await createOutput(path);
  try {
    await out.write(head);
    let n = 0;
    for await (const text of sorter.sorted()) {
      if (++n % pause === 0) {
        signal?.throwIfAborted();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await out.write(text);
    }
    await out.close();
  } catch (error) {
    await out.abandon();
    throw error;
  }
}
