import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Files, nodeFiles } from '../../src/storage/files.ts';
import { type LevelStore, type LevelStoreOptions, openLevelStore } from '../../src/storage/store/level.ts';
import { scratch } from '../support/scratch.ts';
import { bytes, text } from '../support/storage.ts';

async function open(directory: string, options: Partial<LevelStoreOptions> = {}): Promise<LevelStore> {
  const store = await openLevelStore({ directory, durability: 'sync', reserve: 0, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Cuts `count` bytes off the engine's newest log. */
function cutLog(directory: string, count: number): void {
  const name = nodeFiles
    .list(directory)
    .filter((one) => one.endsWith('.log'))
    .sort()
    .at(-1);
  const path = join(directory, name ?? '');
  const content = readFileSync(path);
  writeFileSync(path, content.subarray(0, content.length - count));
}

async function fill(
  directory: string,
  commits: number,
  options: Partial<LevelStoreOptions> = {},
): Promise<void> {
  const store = await open(directory, options);
  for (let at = 1; at <= commits; at += 1) await store.commit([[`k${at}`, bytes(`${at}`)]]);
  await store.close();
}

describe('the end of the log', () => {
  it('is witnessed: a commit that is missing there is an error that names it', async () => {
    const directory = scratch();
    await fill(directory, 5);
    cutLog(directory, 1);
    await expect(openLevelStore({ directory, durability: 'sync' })).rejects.toMatchObject({
      code: 'storage_corrupt',
      message: expect.stringMatching(/commits 5 to 5 are missing: HEAD says that 5 was the last/),
    });
  });

  it('opens to salvage what is there, and opens normally once the loss is accepted', async () => {
    const directory = scratch();
    await fill(directory, 5);
    cutLog(directory, 1);
    const store = await open(directory, { salvage: true });
    expect(store.loss).toMatchObject({ missing: [[5, 5]], expected: false });
    expect(text(store.getSync('k4'))).toBe('4');
    expect(store.getSync('k5')).toBeUndefined();
    await store.acceptLoss();
    expect(store.loss).toBeUndefined();
    expect(await store.commit([['new', bytes('x')]])).toBe(5);
    await store.close();
    const again = await open(directory);
    expect(again.lastCommit).toBe(5);
    expect(text(again.getSync('new'))).toBe('x');
  });

  it('is witnessed also where the engine drops a record in the middle', async () => {
    const directory = scratch();
    const before = await open(directory);
    for (let at = 1; at <= 120; at += 1) await before.commit([[`k${at}`, new Uint8Array(1000).fill(at)]]);
    await before.close();
    const name = nodeFiles.list(directory).find((one) => one.endsWith('.log')) ?? '';
    const path = join(directory, name);
    const content = readFileSync(path);
    // One byte in the first 32 KiB block: the engine drops the rest of that block and goes on with the next.
    expect(content.length).toBeGreaterThan(100_000);
    content[200] = (content[200] ?? 0) ^ 1;
    writeFileSync(path, content);
    await expect(openLevelStore({ directory, durability: 'sync' })).rejects.toMatchObject({
      code: 'storage_corrupt',
      message: expect.stringMatching(/commits 1 to \d\d are missing\. /),
    });
  });

  it('may be lost with durability os when the system restarted, and says so', async () => {
    const directory = scratch();
    await fill(directory, 5, { durability: 'os' });
    cutLog(directory, 1);
    const files: Files = { ...nodeFiles, bootId: () => 'another boot' };
    const store = await open(directory, { durability: 'os', files });
    expect(store.loss).toMatchObject({ missing: [[5, 5]], expected: true });
    expect(await store.commit([['new', bytes('x')]])).toBe(5);
    await store.close();
    expect((await open(directory, { durability: 'os', files })).loss).toBeUndefined();
  });
});

describe('HEAD', () => {
  it('does without one of its two slots', async () => {
    const directory = scratch();
    await fill(directory, 4);
    const path = join(directory, 'HEAD');
    const content = readFileSync(path);
    for (const at of [8, 4104]) {
      const damaged = Buffer.from(content);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(path, damaged);
      const store = await open(directory);
      expect(store.lastCommit).toBe(4);
      await store.close();
    }
  });

  it('is missed when it is gone or damaged in both slots', async () => {
    const directory = scratch();
    await fill(directory, 4);
    const path = join(directory, 'HEAD');
    writeFileSync(path, Buffer.alloc(4128));
    await expect(openLevelStore({ directory, durability: 'sync' })).rejects.toMatchObject({
      code: 'storage_corrupt',
    });
    nodeFiles.remove(path);
    await expect(openLevelStore({ directory, durability: 'sync' })).rejects.toMatchObject({
      code: 'storage_corrupt',
    });
  });

  it('that cannot be written refuses the commit, and reopening shows that it landed', async () => {
    const directory = scratch();
    let failing = false;
    const files: Files = {
      ...nodeFiles,
      open(path, mode) {
        const file = nodeFiles.open(path, mode);
        const write = (content: Uint8Array, at: number): void => {
          if (failing && path.endsWith('HEAD'))
            throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
          file.write(content, at);
        };
        return { ...file, write };
      },
    };
    const store = await open(directory, { files });
    await store.commit([['a', bytes('1')]]);
    failing = true;
    await expect(store.commit([['a', bytes('2')]])).rejects.toMatchObject({ code: 'storage_failed' });
    // It may be there or not: until reopening says so, nothing is read.
    expect(() => store.getSync('a')).toThrow(/reopen/);
    await expect(store.commit([['b', bytes('1')]])).rejects.toMatchObject({ code: 'storage_failed' });
    failing = false;
    expect(await store.reopen()).toBe(2);
    expect(text(store.getSync('a'))).toBe('2');
    expect(store.getSync('b')).toBeUndefined();
    expect(await store.commit([['b', bytes('2')]])).toBe(3);
  });
});

describe('a full disk', () => {
  it('STO-5 refuses commits below the reserve before anything is written, and goes on after space is freed', async () => {
    let free = 1_000_000;
    let now = 0;
    const store = await open(scratch(), { reserve: 500_000, free: () => free, monotonic: () => now });
    await store.commit([['a', bytes('1')]]);
    free = 400_000;
    now += 1000;
    const refused = store.commit([['b', bytes('1')]]);
    await expect(refused).rejects.toMatchObject({ code: 'disk_full' });
    expect(text(store.getSync('a'))).toBe('1');
    await expect(store.commit([['c', bytes('1')]])).rejects.toMatchObject({ code: 'storage_failed' });
    free = 1_000_000;
    expect(await store.reopen()).toBe(1);
    expect(await store.commit([['d', bytes('1')]])).toBe(2);
    expect((await store.list({ gte: '', lt: 'z' })).map(([key]) => key)).toEqual(['a', 'd']);
  });
});

describe('compaction', () => {
  it('takes deleted and overwritten text off the disk', async () => {
    const directory = scratch();
    const secret = 'a word that must go from every file';
    const store = await open(directory);
    const row = (key: string, value: string): [string, Uint8Array] => [key, bytes(value)];
    for (let at = 0; at < 200; at += 1)
      await store.commit([row(`k/${at}`, `${secret} ${at}`), row(`other/${at}`, 'x')]);
    await store.compact({ gte: 'k/', lt: 'k0' });
    const holds = (): boolean =>
      nodeFiles.list(directory).some((name) => readFileSync(join(directory, name)).includes(secret));
    expect(holds()).toBe(true);
    for (let at = 0; at < 200; at += 1)
      await store.commit([at % 2 === 0 ? [`k/${at}`, undefined] : row(`k/${at}`, 'y')]);
    await store.compact({ gte: 'k/', lt: 'k0' });
    expect(holds()).toBe(false);
    expect(await store.list({ gte: 'k/', lt: 'k0' })).toHaveLength(100);
  });
});
