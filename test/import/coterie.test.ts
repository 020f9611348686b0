import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportTo } from '../../src/export/export.ts';
import { coterieImporter } from '../../src/import/coterie.ts';
import { isDraft } from '../../src/import/draft.ts';
import { slackImporter } from '../../src/import/slack.ts';
import { collect, failure, readAll, run, temporary, writeFiles } from './support/files.ts';
import { history, historyFiles } from './support/history.ts';
import { sinkReader } from './support/reader.ts';
import { type MemorySink, memorySink } from './support/sink.ts';
import { slackExport } from './support/slack.ts';

async function exported(sink: MemorySink, workspace: string): Promise<string> {
  const directory = join(await temporary(), 'out');
  await exportTo(directory, sinkReader(sink, workspace, sink.defaults));
  return directory;
}

async function directoryOf(files: Record<string, unknown>): Promise<string> {
  const directory = await temporary();
  await writeFiles(directory, files);
  return directory;
}

describe('export, import, export', () => {
  it('has the same bytes, with every field', async () => {
    const first = await run(coterieImporter(await directoryOf(historyFiles())));
    expect(first.summary.setAside).toEqual([]);
    const one = await exported(first.sink, 'one');
    const files = await readAll(one);
    expect(files).toMatchObject(historyFiles());

    const second = await run(coterieImporter(one), memorySink(5000));
    expect(await readAll(await exported(second.sink, 'two'))).toEqual(files);
  });

  it('has the same bytes for what came from Slack', async () => {
    const first = await run(slackImporter(await directoryOf(slackExport)));
    const one = await exported(first.sink, 'one');
    const second = await run(coterieImporter(one), memorySink(5000));
    expect(second.summary.setAside).toEqual([]);
    expect(await readAll(await exported(second.sink, 'two'))).toEqual(await readAll(one));
  });

  it('knows what came from Slack when it comes again from an export', async () => {
    const first = await run(slackImporter(await directoryOf(slackExport)));
    const { summary } = await run(coterieImporter(await exported(first.sink, 'one')), first.sink);
    expect(summary.written).toEqual({});
  });

  it('adds nothing the second time', async () => {
    const directory = await directoryOf(historyFiles());
    const { sink } = await run(coterieImporter(directory));
    const { summary } = await run(coterieImporter(directory), sink);
    expect(summary.written).toEqual({});
    expect(summary.present).toMatchObject({ members: 2, messages: 5, tasks: 3, reactions: 2, threads: 1 });
  });

  it('writes pages that can be read without Coterie', async () => {
    const { sink } = await run(coterieImporter(await directoryOf(historyFiles())));
    const files = await readAll(await exported(sink, 'one'));
    expect(Object.keys(files).filter((path) => path.startsWith('channels/'))).toHaveLength(7);
    expect(files['channels/default_dev.md']).toMatchInlineSnapshot(`
      "# engine-room

      Builds

      - **kai** 2026-01-04 12:00:00 (pinned, resolved)

        Text of coterie:wwwwwwwwwwwwwwwwwwwwwwwwwa:rrrrrrrrrrrrrrrrrrrrrrrrra

        - with *lines*

        [a \\[b\\].txt](<https://example.com/a>)
        [c](<https://example.com/c>)

        - **kai** 2026-01-03 12:00:00

          Before what it answers

        - **zoe** 2026-01-06 12:00:00

          Text of coterie:wwwwwwwwwwwwwwwwwwwwwwwwwa:zzzzzzzzzzzzzzzzzzzzzzzzza

          - with *lines*

      - **kai** 2026-01-04 12:00:00

        *removed*
      "
    `);
    expect(files['channels/slack_D1.md']).toMatchInlineSnapshot(`
      "# dm-kai-zoe

      Between @kai, @zoe.
      "
    `);
  });
});

describe('import of an export', () => {
  it('yields drafts that refer to earlier ones only', async () => {
    const seen = new Set(
      ['general', 'problems', 'shipping', 'dev', 'decisions'].map((name) => `default:${name}`),
    );
    for (const item of await collect(coterieImporter(await directoryOf(historyFiles())))) {
      if (!isDraft(item)) continue;
      for (const [, name] of JSON.stringify(item).matchAll(/"\$ref":"([^"]+)"/g))
        expect(seen).toContain(name);
      seen.add(item.ref);
    }
  });

  it('leaves out references to what is not in the export, and says so', async () => {
    const [first, ...others] = history.messages;
    const messages = [first ?? {}, ...others.filter(({ id }) => id !== first?.['thread'])];
    const { sink, summary } = await run(
      coterieImporter(await directoryOf(historyFiles({ messages, memory: [] }))),
    );
    expect(sink.ofType('message.create')).toHaveLength(4);
    expect(sink.bySource(String(first?.['id']))?.data).toEqual({});
    expect(summary.setAside.map(({ what }) => what)).toEqual(['message', 'message', 'reaction', 'reaction']);
  });

  it.each([
    ['messages', { author: 'nobody' }, 'member nobody'],
    ['messages', { channel: 'nowhere' }, 'channel nowhere'],
    ['messages', { text: 'x'.repeat(70_000) }, 'text is longer than'],
    ['messages', { extra: 1 }, 'extra'],
    ['tasks', { status: 'lost' }, 'status'],
    ['links', { to: 'no task' }, 'task no task'],
    ['comments', { task: 'no task' }, 'task no task'],
    ['members', { handle: 'K A I' }, 'handle'],
    ['channels', { id: 'default:nonsense' }, 'default:nonsense'],
    ['reactions', { emoji: ':x:' }, 'emoji'],
  ] as const)('refuses bad %s before it writes anything: %j', async (kind, change, message) => {
    const rows = history[kind].map((row, i) => (i === 1 ? { ...row, ...change } : row));
    const sink = memorySink();
    const importing = run(coterieImporter(await directoryOf(historyFiles({ [kind]: rows }))), sink);
    const answer = await failure(importing);
    expect(answer).toMatchObject({ code: 'import_invalid', message: expect.stringContaining(message) });
    expect(answer.message).toContain(`${kind}.jsonl line 2`);
    expect(sink.stored).toEqual([]);
  });

  it('refuses a file that was cut short, naming the line, and a missing one', async () => {
    const files = historyFiles();
    const cut = await directoryOf({ ...files, 'messages.jsonl': files['messages.jsonl']?.slice(0, -20) });
    expect(await failure(collect(coterieImporter(cut)))).toMatchObject({
      code: 'import_invalid',
      message: expect.stringContaining('messages.jsonl line 5 is not JSON'),
    });
    const { 'links.jsonl': _, ...rest } = files;
    const answer = await failure(collect(coterieImporter(await directoryOf(rest))));
    expect(answer).toMatchObject({ code: 'import_invalid', message: expect.stringContaining('links.jsonl') });
    const file = join(await temporary(), 'file');
    await writeFile(file, '');
    expect(await failure(collect(coterieImporter(file)))).toMatchObject({ code: 'import_invalid' });
  });

  it('gives messages that name each other in a circle, without the circle', async () => {
    const messages = history.messages.slice(0, 2).map((row, i) => ({
      ...row,
      references: undefined,
      thread: undefined,
      answers: history.messages[1 - i]?.['id'],
    }));
    const { sink } = await run(coterieImporter(await directoryOf(historyFiles({ messages, reactions: [] }))));
    expect(sink.ofType('message.create').map(({ data }) => 'answers' in data)).toEqual([false, true]);
  });
});
