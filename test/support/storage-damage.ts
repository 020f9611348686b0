import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDocuments } from '../../src/storage/documents/y-leveldb.ts';
import { openStorage } from '../../src/storage/open.ts';
import { StorageError, type Write } from '../../src/storage/port.ts';
import { stateOf } from '../contracts/documents.ts';

const everything = { gte: '', lt: '\u{10ffff}' };

/** A data directory with history in every kind of file, and what it holds. */
export interface Specimen {
  readonly directory: string;
  readonly rows: ReadonlyMap<string, string>;
  readonly lastCommit: number;
  readonly states: ReadonlyMap<string, string>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Makes tables on several levels, logs that were not merged yet, and documents. */
export async function makeSpecimen(directory: string, random: (below: number) => number): Promise<Specimen> {
  const rows = new Map<string, string>();
  const states = new Map<string, string>();
  let lastCommit = 0;
  const noise = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => random(256));
  for (let session = 0; session < 4; session += 1) {
    const { store, close } = await openStorage({ directory, reserve: 0 });
    for (let at = 0; at < 40; at += 1) {
      const batch = Array.from({ length: 5 }, (): Write => {
        const key = `op/${random(600).toString().padStart(4, '0')}`;
        return [key, random(5) === 0 ? undefined : noise(random(400))];
      });
      for (const [key, value] of batch) {
        if (value === undefined) rows.delete(key);
        else rows.set(key, hex(value));
      }
      lastCommit = await store.commit(batch);
    }
    if (session < 2) await store.compact({ gte: 'op/', lt: 'op0' });
    await store.scrub();
    await close();
    const documents = await openDocuments({
      directory: join(directory, 'documents'),
      durability: 'sync',
      reserve: 0,
    });
    for (let at = 0; at < 4; at += 1) {
      const state = stateOf(20 + random(200), 1 + random(1000), `session ${session}`);
      states.set(`log/${at}/1`, hex(state));
      await documents.write(`log/${at}/1`, state);
    }
    await documents.scrub();
    await documents.close();
  }
  return { directory, rows, lastCommit, states };
}

/** Kinds of files that hold or witness data. */
export const FILE_KINDS = ['.ldb', '.log', 'MANIFEST', 'CURRENT', 'HEAD', 'TABLES', 'coterie.json'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

function filesOf(directory: string, kind: FileKind, below: string): string[] {
  const files = readdirSync(join(directory, below), { withFileTypes: true, recursive: true });
  return files
    .filter((entry) => entry.isFile() && (entry.name.endsWith(kind) || entry.name.startsWith(kind)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Damages one file of a kind in one of five ways, and says how. */
export function damageOne(
  directory: string,
  kind: FileKind,
  random: (below: number) => number,
): string | undefined {
  const files = filesOf(directory, kind, '').filter((file) => readFileSync(file).length > 0);
  const file = files[random(files.length)];
  if (file === undefined) return undefined;
  const bytes = readFileSync(file);
  const at = random(bytes.length);
  const way = random(5);
  if (way === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
  else if (way === 1) bytes[at] = ((bytes[at] ?? 0) + 1 + random(255)) % 256;
  else if (way === 2) bytes.fill(0, at, Math.min(bytes.length, at + 512));
  else if (way === 3) bytes.set(Buffer.from(bytes.subarray(0, Math.min(512, bytes.length - at))), at);
  if (way === 4) truncateSync(file, at);
  else writeFileSync(file, bytes);
  const what = ['a bit', 'a byte', 'a zeroed block', 'a stray block', 'a cut'][way];
  return `${what} at ${at} of ${file.slice(directory.length + 1)} (${bytes.length} bytes)`;
}

/** `sound`: everything reads right. `loud`: an error or a finding says that something is wrong. `silent`: neither. */
export type Verdict = 'sound' | 'loud' | 'silent';

/** Verifies and opens, reads everything and scrubs. Without verifying, a damaged table can abort the process. */
export async function judge(
  specimen: Specimen,
  directory: string,
): Promise<{ verdict: Verdict; why: string }> {
  try {
    const problems: { file: string; problem: string }[] = [];
    const right = [
      await readJournal(specimen, directory, problems),
      await readDocuments(specimen, directory, problems),
    ];
    if (problems.length > 0) return { verdict: 'loud', why: JSON.stringify(problems[0]) };
    return right.every(Boolean)
      ? { verdict: 'sound', why: 'equal' }
      : { verdict: 'silent', why: JSON.stringify(right) };
  } catch (error) {
    if (error instanceof StorageError) return { verdict: 'loud', why: error.message };
    throw error;
  }
}

async function readJournal(
  { rows, lastCommit }: Specimen,
  directory: string,
  problems: { file: string; problem: string }[],
): Promise<boolean> {
  const { store, close } = await openStorage({ directory, reserve: 0, verify: true });
  try {
    const found = new Map<string, string>();
    for await (const [key, value] of store.scan(everything)) found.set(key, hex(value));
    problems.push(...(await store.scrub()).problems);
    let right = store.lastCommit === lastCommit && found.size === rows.size;
    for (const [key, value] of rows) {
      const confirmed = await store.getConfirmed(key);
      if (found.get(key) !== value || confirmed === undefined || hex(confirmed) !== value) right = false;
    }
    return right;
  } finally {
    await close();
  }
}

async function readDocuments(
  { states }: Specimen,
  directory: string,
  problems: { file: string; problem: string }[],
): Promise<boolean> {
  const documents = await openDocuments({
    directory: join(directory, 'documents'),
    durability: 'sync',
    reserve: 0,
    verify: true,
  });
  try {
    problems.push(...(await documents.scrub()).problems);
    const names = await documents.names();
    let right = names.length === states.size;
    for (const [name, state] of states) {
      const found = await documents.read(name);
      if (found === undefined || hex(found) !== state) right = false;
    }
    return right;
  } finally {
    await documents.close();
  }
}

/** Damages copies of a specimen `times` times for each kind and counts verdicts; silent ones are described. */
export async function damageAll(
  specimen: Specimen,
  scratch: string,
  options: { times: number; kinds: readonly FileKind[]; random: (below: number) => number },
): Promise<{ counts: Record<Verdict, number>; silent: string[] }> {
  const counts: Record<Verdict, number> = { sound: 0, loud: 0, silent: 0 };
  const silent: string[] = [];
  const copy = join(scratch, 'copy');
  for (const kind of options.kinds) {
    for (let time = 0; time < options.times; time += 1) {
      rmSync(copy, { recursive: true, force: true });
      cpSync(specimen.directory, copy, { recursive: true });
      const what = damageOne(copy, kind, options.random);
      if (what === undefined) continue;
      const { verdict, why } = await judge(specimen, copy);
      counts[verdict] += 1;
      if (verdict === 'silent') silent.push(`${what}: ${why}`);
    }
  }
  return { counts, silent };
}
