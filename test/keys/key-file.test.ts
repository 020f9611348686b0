import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CoterieError } from '../../schemas/index.ts';
import { createKeyFile, type KeyFileSystem, openKeyFile, readKeyFile } from '../../src/keys/key-file.ts';
import { generateSeed } from '../../src/keys/node.ts';

let directory: string;
let path: string;
const seed = new Uint8Array(32).map((_, i) => i * 7);

beforeEach(async () => {
  directory = await files.mkdtemp(join(tmpdir(), 'coterie-key-'));
  path = join(directory, 'replica.key');
});
afterEach(() => files.rm(directory, { recursive: true }));

const refusal = async (run: Promise<unknown>): Promise<CoterieError> => {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CoterieError);
  expect((error as CoterieError).code).toBe('directory_unreadable');
  return error as CoterieError;
};

describe.skipIf(process.platform === 'win32')('a key file', () => {
  test('OP-27 holds the seed, is 0600 whatever the umask, and leaves nothing beside it', async () => {
    expect(await readKeyFile(path)).toBeUndefined();
    const before = process.umask(0);
    try {
      await createKeyFile(path, seed);
    } finally {
      process.umask(before);
    }
    expect(await readKeyFile(path)).toEqual(seed);
    expect((await files.stat(path)).mode & 0o777).toBe(0o600);
    expect(await files.readdir(directory)).toEqual(['replica.key']);
    expect(await files.readFile(path, 'utf8')).toMatch(/^coterie-seed-1 [A-Za-z0-9_-]{43}\n$/);
  });

  test('OP-27 is never overwritten, also not through a link', async () => {
    await createKeyFile(path, seed);
    expect((await refusal(createKeyFile(path, generateSeed()))).message).toBe(
      `key file ${path}: exists already`,
    );
    expect(await readKeyFile(path)).toEqual(seed);
    const link = join(directory, 'link');
    await files.symlink(join(directory, 'nowhere'), link);
    await refusal(createKeyFile(link, seed));
    expect((await files.readdir(directory)).sort()).toEqual(['link', 'replica.key']);
  });

  test('OP-27 of many that make it at once all get the same key', async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => openKeyFile(path, generateSeed)));
    expect(opened.filter((each) => each.created)).toHaveLength(1);
    expect(new Set(opened.map((each) => Buffer.from(each.seed).toString('hex'))).size).toBe(1);
    expect(await openKeyFile(path, generateSeed)).toEqual({ seed: opened[0]?.seed, created: false });
    expect(await files.readdir(directory)).toEqual(['replica.key']);
  });

  test('OP-27 a failing sync leaves no key and says so', async () => {
    const failing: KeyFileSystem = {
      ...files,
      async open(...args) {
        const file = await files.open(...args);
        file.sync = () => Promise.reject(new Error('EIO'));
        return file;
      },
    };
    const error = await refusal(openKeyFile(path, generateSeed, failing));
    expect(error.message).toBe(`key file ${path}: cannot be written`);
    expect(await files.readdir(directory)).toEqual([]);
  });

  test.each([0o640, 0o604, 0o660, 0o610, 0o601, 0o644])('OP-28 mode %o is refused', async (mode) => {
    await createKeyFile(path, seed);
    await files.chmod(path, mode);
    const error = await refusal(readKeyFile(path));
    expect(error.message).toBe(`key file ${path}: others may read or write it`);
    expect(error.hint).toBe(`Make it yours alone: chmod 600 ${path}`);
    await refusal(openKeyFile(path, generateSeed));
  });

  test('OP-28 links, directories and missing directories', async () => {
    await createKeyFile(path, seed);
    const link = join(directory, 'link');
    await files.symlink(path, link);
    expect((await refusal(readKeyFile(link))).message).toBe(`key file ${link}: is a symbolic link`);
    expect((await refusal(readKeyFile(directory))).message).toBe(
      `key file ${directory}: is not a plain file`,
    );
    await refusal(openKeyFile(join(directory, 'no', 'such'), generateSeed));
  });

  test.each([
    '',
    'coterie-seed-1 \n',
    `coterie-seed-1 ${'A'.repeat(42)}B\n`,
    `coterie-seed-1 ${'A'.repeat(43)}`,
    `coterie-seed-2 ${'A'.repeat(43)}\n`,
    'x'.repeat(5000),
  ])('OP-28 content that is no key, %#', async (content) => {
    await files.writeFile(path, content, { mode: 0o600 });
    expect((await refusal(readKeyFile(path))).message).toBe(`key file ${path}: is not a key`);
  });
});
