import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportTo } from '../../src/export/export.ts';
import { createSorter } from '../../src/export/sorter.ts';
import { fileName } from '../../src/export/target.ts';
import { coterieImporter } from '../../src/import/coterie.ts';
import { failure, readAll, run, temporary, writeFiles } from './support/files.ts';
import { historyFiles } from './support/history.ts';
import { sinkReader } from './support/reader.ts';
import { memorySink } from './support/sink.ts';

async function reader() {
  const directory = await temporary();
  await writeFiles(directory, historyFiles());
  const { sink } = await run(coterieImporter(directory), memorySink());
  return sinkReader(sink, 'one', sink.defaults);
}

describe('exportTo', () => {
  it('counts the rows of each file', async () => {
    const directory = join(await temporary(), 'below', 'out');
    const summary = await exportTo(directory, await reader());
    expect(summary).toEqual({
      directory,
      files: {
        'channels.jsonl': 7,
        'tasks.jsonl': 3,
        'links.jsonl': 2,
        'comments.jsonl': 2,
        'memory.jsonl': 3,
        'messages.jsonl': 5,
        'reactions.jsonl': 2,
        'members.jsonl': 2,
      },
    });
  });

  it('writes the same when it sorts on disk', async () => {
    const directory = await temporary();
    await exportTo(join(directory, 'a'), await reader());
    await exportTo(join(directory, 'b'), await reader(), { memory: 100 });
    expect(await readAll(join(directory, 'b'))).toEqual(await readAll(join(directory, 'a')));
    expect((await readdir(directory)).sort()).toEqual(['a', 'b']);
  });

  it('replaces an earlier export and an empty directory', async () => {
    const directory = join(await temporary(), 'out');
    await mkdir(directory);
    await exportTo(directory, await reader());
    const before = await readAll(directory);
    await exportTo(directory, await reader());
    expect(await readAll(directory)).toEqual(before);
  });

  it.each([
    [{ 'notes.txt': 'mine' }],
    [{ 'messages.jsonl': '' }],
    [{ ...historyFiles(), 'channels/notes.txt': 'mine' }],
    [{ ...historyFiles(), 'channels/a.md': '', 'more.jsonl': '' }],
  ])('refuses a directory that holds something else and touches nothing: %#', async (files) => {
    const directory = await temporary();
    await writeFiles(directory, files);
    const before = await readAll(directory);
    const answer = await failure(exportTo(directory, await reader()));
    expect(answer.code).toBe('directory_not_empty');
    expect(await readAll(directory)).toEqual(before);
  });

  it('refuses a file', async () => {
    const directory = await temporary();
    await writeFiles(directory, { out: 'mine' });
    const answer = await failure(exportTo(join(directory, 'out'), await reader()));
    expect(answer.code).toBe('directory_not_empty');
  });

  it('leaves nothing behind when reading fails', async () => {
    const directory = await temporary();
    const broken = {
      ...(await reader()),
      tasks: () => {
        throw new Error('broken');
      },
    };
    await expect(exportTo(join(directory, 'out'), broken)).rejects.toThrow('broken');
    expect(await readdir(directory)).toEqual([]);
  });

  it('ends when the signal aborts', async () => {
    const directory = await temporary();
    const whole = await reader();
    const abort = new AbortController();
    async function* endless() {
      for (;;) for await (const member of whole.comments()) yield member;
    }
    const work = exportTo(
      join(directory, 'out'),
      { ...whole, comments: endless },
      { signal: abort.signal, progress: () => abort.abort() },
    );
    await expect(work).rejects.toThrow();
    expect(await readdir(directory)).toEqual([]);
  });

  it('names only members that brought something or that something names', async () => {
    const directory = join(await temporary(), 'out');
    const whole = await reader();
    async function* members() {
      yield* whole.members();
      const own = {
        handle: 'own',
        name: 'own',
        kind: 'agent',
        created: '2026-01-01T00:00:00.000Z',
        imported: false,
      };
      yield { ...own, kind: 'agent' as const, id: 'a'.repeat(26) };
    }
    await exportTo(directory, { ...whole, members });
    expect((await readAll(directory))['members.jsonl']).toBe(historyFiles()['members.jsonl']);
  });
});

describe('the sorter', () => {
  it('sorts in memory and on disk alike, and removes its files', async () => {
    const directory = await temporary();
    const numbers = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5000);
    const sorted: string[][] = [];
    for (const units of [1_000_000, 2000]) {
      const sorter = createSorter(directory, 'rows', units);
      for (const n of numbers) await sorter.add(String(n).padStart(5, '0'), `${n}\n"quoted" \u2028 é`);
      const texts: string[] = [];
      for await (const text of sorter.sorted()) texts.push(text);
      sorted.push(texts);
      await sorter.close();
    }
    expect(sorted[0]?.map((text) => Number.parseInt(text, 10))).toEqual([...numbers].sort((a, b) => a - b));
    expect(sorted[1]).toEqual(sorted[0]);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('the name of a page', () => {
  it.each([
    ['slack:C1', 'slack_C1'],
    ['default:general', 'default_general'],
    ['a/b:c', 'a%2fb_c'],
    ['a_b:c', 'a%5fb_c'],
    ['../x:y', '%2e.%2fx_y'],
    ['é:x', '%c3%a9_x'],
  ])('%s', (id, name) => {
    expect(fileName(id)).toBe(name);
  });

  it('is safe and different for every id', async () => {
    const ids = [
      'con',
      'a:'.repeat(300),
      `${'a:'.repeat(300)}b`,
      '.',
      '..',
      '\0',
      'a b',
      'a%20b',
      'aux.txt',
      '-',
    ];
    const names = ids.map(fileName);
    expect(new Set(names).size).toBe(ids.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9%_][A-Za-z0-9%._-]{1,200}$/);
    const directory = await temporary();
    await writeFiles(directory, Object.fromEntries(names.map((name) => [name, ''])));
    for (const name of names) expect((await stat(join(directory, name))).isFile()).toBe(true);
  });
});
