import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ImportSummary } from '../../../schemas/index.ts';
import { CoterieError } from '../../../schemas/index.ts';
import type { Draft, Importer, SetAside } from '../../../src/import/draft.ts';
import { runImport } from '../../../src/import/run.ts';
import { type MemorySink, memorySink } from './sink.ts';

/** A directory that goes when the test ends. */
export async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'coterie-import-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes files below a directory; what is no text becomes JSON. */
export async function writeFiles(directory: string, files: Record<string, unknown>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(
      join(directory, path),
      typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content),
    );
  }
}

/** All files below a directory, by path. */
export async function readAll(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(directory.length + 1)] = await readFile(path, 'utf8');
  }
  return found;
}

/** What an importer yields. */
export async function collect(importer: Importer): Promise<(Draft | SetAside)[]> {
  const items: (Draft | SetAside)[] = [];
  for await (const item of importer.drafts()) items.push(item);
  return items;
}

/** Runs an import into a sink. */
export async function run(
  importer: Importer,
  sink: MemorySink = memorySink(),
): Promise<{ summary: ImportSummary; sink: MemorySink }> {
  return { summary: await runImport(importer, sink), sink };
}

/** The code and message that something fails with. */
export async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CoterieError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('did not fail');
}
