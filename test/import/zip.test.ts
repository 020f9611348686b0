import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { longestFile } from '../../src/import/folder.ts';
import { openFolder } from '../../src/import/open.ts';
import { failure, temporary, writeFiles } from './support/files.ts';
import { makeZip, type ZipEntry } from './support/zip.ts';

/** Opens an archive of these entries and reads all of it. */
async function readZip(entries: readonly ZipEntry[], change: (zip: Buffer) => Buffer = (zip) => zip) {
  const path = join(await temporary(), 'export.zip');
  await writeFile(path, change(makeZip(entries)));
  const folder = await openFolder(path);
  try {
    const read: Record<string, string> = {};
    for (const file of folder.files.keys()) read[file] = (await folder.read(file)).toString();
    return read;
  } finally {
    await folder.close();
  }
}

describe('a zip archive', () => {
  it('reads stored and deflated files, in order of name', async () => {
    const read = await readZip([
      { name: 'b.json', content: '[2]', deflate: true },
      { name: 'folder/', content: '' },
      { name: 'a.json', content: '[1]' },
    ]);
    expect(Object.entries(read)).toEqual([
      ['a.json', '[1]'],
      ['b.json', '[2]'],
    ]);
  });

  it.each([
    ['../up.json'],
    ['a/../../up.json'],
    ['/etc/up.json'],
    ['C:/up.json'],
    ['c:up.json'],
    ['a\\..\\up.json'],
    ['nul\0.json'],
  ])('refuses the name %j', async (name) => {
    expect(await failure(readZip([{ name, content: '[]' }]))).toMatchObject({ code: 'import_unsafe' });
  });

  it('refuses a symbolic link', async () => {
    const entry = { name: 'users.json', content: '/etc/passwd', mode: 0o120777 };
    expect(await failure(readZip([entry]))).toMatchObject({ code: 'import_unsafe' });
  });

  it('refuses what inflates to far more than its size', async () => {
    const content = Buffer.alloc(8 * 1024 * 1024);
    const answer = await failure(readZip([{ name: 'a.json', content, deflate: true }]));
    expect(answer).toMatchObject({ code: 'import_unsafe', message: expect.stringContaining('a.json') });
  });

  it('refuses what declares a size beyond the limit', async () => {
    const entry = { name: 'a.json', content: '[]', size: longestFile + 1 };
    expect(await failure(readZip([entry]))).toMatchObject({ code: 'import_unsafe' });
  });

  it('refuses what inflates to more than it declares', async () => {
    const content = Buffer.alloc(1024 * 1024);
    const answer = await failure(readZip([{ name: 'a.json', content, deflate: true, size: 10 }]));
    expect(answer).toMatchObject({ code: 'import_unsafe' });
  });

  it('tells a damaged file from its checksum, and one that is shorter than declared', async () => {
    const damaged = await failure(readZip([{ name: 'a.json', content: '[1]', crc: 1 }]));
    expect(damaged).toMatchObject({ code: 'import_invalid', message: expect.stringContaining('a.json') });
    const short = await failure(readZip([{ name: 'a.json', content: '[1]', deflate: true, size: 100 }]));
    expect(short).toMatchObject({ code: 'import_invalid', message: expect.stringContaining('cut short') });
  });

  it('refuses a name that stands there twice, and an encrypted file', async () => {
    const entry = { name: 'a.json', content: '[]' };
    expect(await failure(readZip([entry, entry]))).toMatchObject({ code: 'import_invalid' });
    expect(await failure(readZip([{ ...entry, flags: 1 }]))).toMatchObject({ code: 'import_invalid' });
  });

  it('refuses an archive that was cut at any place, naming it', async () => {
    const entries = [{ name: 'a.json', content: '[1]'.padEnd(300), deflate: true }];
    const whole = makeZip(entries).length;
    for (let length = 0; length < whole; length += 7) {
      const answer = await failure(readZip(entries, (zip) => zip.subarray(0, length)));
      expect(answer, `cut at ${length}`).toMatchObject({ code: 'import_invalid' });
      expect(answer.message).toContain('export.zip');
    }
  });

  it('never reads what was written over without saying so', async () => {
    const entries = [{ name: 'a.json', content: JSON.stringify([...Array(40).keys()]), deflate: true }];
    const whole = makeZip(entries).length;
    for (let at = 0; at < whole; at += 3) {
      const outcome = await readZip(entries, (zip) => {
        zip[at] = (zip[at] ?? 0) ^ 0xff;
        return zip;
      }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toHaveProperty('code');
      else expect(Object.values(outcome as object)).toEqual([entries[0]?.content]);
    }
  });
});

describe('a directory', () => {
  it('reads its files, and links that stay inside', async () => {
    const directory = await temporary();
    await writeFiles(directory, { 'a.json': '[1]', 'b/c.json': '[2]' });
    await symlink(join(directory, 'a.json'), join(directory, 'd.json'));
    await symlink(join(directory, 'b'), join(directory, 'e'));
    const folder = await openFolder(directory);
    expect([...folder.files.keys()]).toEqual(['a.json', 'b/c.json', 'd.json']);
    expect(String(await folder.read('d.json'))).toBe('[1]');
  });

  it('refuses a link that leads outside, also one that appears later', async () => {
    const outside = await temporary();
    await writeFiles(outside, { 'secret.json': '[]' });
    const directory = await temporary();
    await symlink(join(outside, 'secret.json'), join(directory, 'users.json'));
    expect(await failure(openFolder(directory))).toMatchObject({ code: 'import_unsafe' });
  });

  it('names what cannot be read', async () => {
    const directory = await temporary();
    expect(await failure(openFolder(join(directory, 'nothing')))).toMatchObject({ code: 'import_invalid' });
    await writeFiles(directory, { 'text.zip': 'not a zip' });
    expect(await failure(openFolder(join(directory, 'text.zip')))).toMatchObject({ code: 'import_invalid' });
    expect(String(await readFile(join(directory, 'text.zip')))).toBe('not a zip');
  });
});
