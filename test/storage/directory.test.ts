import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFiles } from '../../src/storage/files.ts';
import { openStorage, type Storage, type StorageOptions } from '../../src/storage/open.ts';
import { scratch } from '../support/scratch.ts';
import { bytes } from '../support/storage.ts';

const open = async (options: StorageOptions): Promise<Storage> => {
  const storage = await openStorage({ reserve: 0, ...options });
  onTestFinished(() => storage.close());
  return storage;
};

describe('data directory', () => {
  it('is made for its owner alone, with the directories above it', async () => {
    const directory = join(scratch(), 'a', 'b');
    const { info } = await open({ directory });
    expect(info).toMatchObject({ directory, format: 1, isNew: true, loss: undefined });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of ['coterie.json', 'holder.json', 'journal/HEAD']) {
      expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600);
    }
  });

  it('is told from a new one when opened again', async () => {
    const directory = join(scratch(), 'data');
    await (await open({ directory })).close();
    expect((await open({ directory })).info.isNew).toBe(false);
  });

  it('is not made among the files of somebody else', async () => {
    const directory = scratch();
    mkdirSync(join(directory, 'documents'));
    writeFileSync(join(directory, '.hidden'), '');
    writeFileSync(join(directory, 'cli.json'), '{}');
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    await expect(openStorage({ directory })).rejects.toMatchObject({
      code: 'directory_not_empty',
      message: expect.stringContaining('notes.txt'),
    });
    expect(readdirSync(directory).sort()).toEqual(['.hidden', 'cli.json', 'documents', 'notes.txt']);
    rmSync(join(directory, 'notes.txt'));
    expect((await open({ directory })).info.isNew).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('ends where a file system has no such name and makes none', () => {
    // In a process of its own: what this guards against never comes back.
    const entry = fileURLToPath(new URL('../../dist/src/storage/make-directories.js', import.meta.url));
    const script = `import(${JSON.stringify(entry)}).then(({ makeDirectories }) => makeDirectories('/proc/nope/deep')).catch(({ code }) => console.log(code))`;
    const { status, stdout } = spawnSync(process.execPath, ['-e', script], {
      timeout: 60_000,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, 'ENOENT\n']);
  });

  it('names the process that has it, and since when', async () => {
    const directory = join(scratch(), 'data');
    await open({ directory, now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    await expect(openStorage({ directory })).rejects.toMatchObject({
      code: 'directory_locked',
      holder: { pid: process.pid, since: '2026-01-02T03:04:05.000Z' },
    });
  });

  it('takes no note of a dead process for a lock', async () => {
    const directory = join(scratch(), 'data');
    await (await open({ directory })).close();
    writeFileSync(
      join(directory, 'holder.json'),
      JSON.stringify({ pid: 2 ** 30, since: '2026-01-01T00:00:00.000Z' }),
    );
    expect((await open({ directory })).info.isNew).toBe(false);
  });

  it('refuses a newer format and leaves it alone', async () => {
    const directory = join(scratch(), 'data');
    await (await open({ directory })).close();
    const path = join(directory, 'coterie.json');
    // {"format":2} with its sum
    writeFileSync(path, '{"format":2}\n843390fa\n');
    const before = readFileSync(path);
    await expect(openStorage({ directory })).rejects.toMatchObject({ code: 'directory_newer' });
    expect(readFileSync(path)).toEqual(before);
  });

  it('refuses a damaged format file, and a lost one', async () => {
    const directory = join(scratch(), 'data');
    const storage = await open({ directory });
    await storage.store.commit([['a', bytes('1')]]);
    await storage.close();
    writeFileSync(join(directory, 'coterie.json'), '{"format":9}\n00000000\n');
    await expect(openStorage({ directory })).rejects.toMatchObject({ code: 'storage_corrupt' });
    nodeFiles.remove(join(directory, 'coterie.json'));
    await expect(openStorage({ directory })).rejects.toMatchObject({ code: 'storage_corrupt' });
  });

  it('refuses a file in its place, and below one', async () => {
    const directory = scratch();
    const file = join(directory, 'file');
    writeFileSync(file, 'x');
    await expect(openStorage({ directory: file })).rejects.toMatchObject({ code: 'directory_unreadable' });
    await expect(openStorage({ directory: join(file, 'below') })).rejects.toMatchObject({
      code: 'directory_unreadable',
    });
    mkdirSync(join(directory, 'data'));
    writeFileSync(join(directory, 'data', 'journal'), 'x');
    await expect(openStorage({ directory: join(directory, 'data') })).rejects.toMatchObject({
      code: 'directory_unreadable',
    });
  });

  it('refuses a directory without permission', async () => {
    const denied = (): never => {
      throw Object.assign(new Error("EACCES: permission denied, access '/x'"), { code: 'EACCES' });
    };
    const files = { ...nodeFiles, checkAccess: denied };
    await expect(openStorage({ directory: join(scratch(), 'data'), files })).rejects.toMatchObject({
      code: 'directory_unreadable',
    });
  });

  it('refuses a journal that was emptied', async () => {
    const directory = join(scratch(), 'data');
    await (await open({ directory })).close();
    for (const name of nodeFiles.list(join(directory, 'journal')))
      nodeFiles.remove(join(directory, 'journal', name));
    await expect(openStorage({ directory })).rejects.toMatchObject({ code: 'storage_corrupt' });
  });
});
