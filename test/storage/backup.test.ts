import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backupStorage, restoreStorage } from '../../src/storage/backup.ts';
import { openStorage, type Storage } from '../../src/storage/open.ts';
import type { Row } from '../../src/storage/port.ts';
import { stateOf } from '../contracts/documents.ts';
import { scratch } from '../support/scratch.ts';
import { bytes } from '../support/storage.ts';

const everything = { gte: '', lt: '\u{10ffff}' };

async function open(directory: string): Promise<Storage> {
  const storage = await openStorage({ directory, reserve: 0 });
  onTestFinished(() => storage.close());
  return storage;
}

async function fill(storage: Storage, rows: number): Promise<Row[]> {
  for (let at = 0; at < rows; at += 500) {
    await storage.store.commit(
      Array.from({ length: 500 }, (_, row) => [
        `k/${(at + row).toString().padStart(6, '0')}`,
        bytes(`${at} ${row}`),
      ]),
    );
  }
  await storage.documents.write('log/a/1', stateOf(30));
  await storage.documents.write('log/b/1', stateOf(40, 2));
  return storage.store.list(everything);
}

describe('backup', () => {
  it('copies a running store as of one commit, and restores it', { timeout: 120_000 }, async () => {
    const directory = scratch();
    const source = await open(join(directory, 'data'));
    const before = await fill(source, 5000);
    const told: number[] = [];
    let wrote: Promise<number> | undefined;
    const progress = ({ rows }: { rows: number }): void => {
      told.push(rows);
      // A commit in the middle of the copy is whole in it or absent: here absent.
      wrote ??= source.store.commit([
        ['a', bytes('late')],
        ['z', bytes('late')],
      ]);
    };
    const report = await backupStorage(source, join(directory, 'backup'), { progress, reserve: 0 });
    await wrote;
    expect(report).toEqual({ rows: 5000, documents: 2, commit: 10 });
    expect(told.length).toBeGreaterThan(2);

    const restored = await restoreStorage(join(directory, 'backup'), join(directory, 'again'), {
      reserve: 0,
    });
    expect(restored).toMatchObject({ rows: 5000, documents: 2 });
    const again = await open(join(directory, 'again'));
    expect(again.info.isNew).toBe(false);
    expect(await again.store.list(everything)).toEqual(before);
    expect(await again.documents.read('log/a/1')).toEqual(stateOf(30));
    expect(await again.documents.names()).toEqual(['log/a/1', 'log/b/1']);
    expect((await again.scrub()).journal.problems).toEqual([]);
  });

  it('refuses a target that is not empty, and leaves it alone', async () => {
    const directory = scratch();
    const source = await open(join(directory, 'data'));
    const target = join(directory, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), 'x');
    await expect(backupStorage(source, target)).rejects.toMatchObject({ code: 'directory_unreadable' });
    await source.close();
    await expect(restoreStorage(join(directory, 'data'), target)).rejects.toMatchObject({
      code: 'directory_unreadable',
    });
  });

  it('leaves nothing that opens when it is stopped in the middle', async () => {
    const directory = scratch();
    const source = await open(join(directory, 'data'));
    await fill(source, 5000);
    const stop = new AbortController();
    const target = join(directory, 'backup');
    const progress = (): void => stop.abort();
    await expect(
      backupStorage(source, target, { progress, signal: stop.signal, reserve: 0 }),
    ).rejects.toThrow(/abort/);
    await expect(openStorage({ directory: target })).rejects.toMatchObject({ code: 'storage_corrupt' });
    await expect(restoreStorage(target, join(directory, 'x'))).rejects.toMatchObject({
      code: 'storage_corrupt',
    });
  });
});
