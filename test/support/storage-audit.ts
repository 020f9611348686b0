import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { applyUpdate, Doc } from 'yjs';
import { openDocuments } from '../../src/storage/documents/y-leveldb.ts';
import { openStorage } from '../../src/storage/open.ts';
import { text } from './storage.ts';

/** What a child acknowledged, read back from its lines (see storage-child.mjs). */
export interface Acknowledged {
  /** Number of rows by id of the batch. */
  readonly batches: ReadonlyMap<string, number>;
  readonly lastCommit: number;
  /** Batches of which reopening showed that they are not there. */
  readonly absent: ReadonlySet<string>;
  /** The highest version by document. */
  readonly documents: ReadonlyMap<string, number>;
}

/** Gathers acknowledgements over the lines of one run. */
export function acknowledgedBy(lines: readonly string[]): Acknowledged {
  const batches = new Map<string, number>();
  const documents = new Map<string, number>();
  const absent = new Set<string>();
  let lastCommit = 0;
  for (const line of lines) {
    const [kind, a = '', b = '', c = ''] = line.split(' ');
    if (kind === 'commit') {
      batches.set(b, Number(c));
      lastCommit = Math.max(lastCommit, Number(a));
    } else if (kind === 'absent') absent.add(a);
    else if (kind === 'document') documents.set(`log/${a}/1`, Number(c));
  }
  return { batches, lastCommit, documents, absent };
}

/**
 * Opens what survived below `directory` and says what is wrong: acknowledged rows that are missing or different,
 * half a batch, an older document than was acknowledged, a store that does not open. Nothing wrong is an empty list.
 */
export async function auditStorage(directory: string, said: Acknowledged): Promise<string[]> {
  const findings: string[] = [];
  const data = join(directory, 'data');
  try {
    const storage = await openStorage({ directory: data, reserve: 0 });
    try {
      if (storage.store.lastCommit < said.lastCommit) {
        findings.push(`the last commit is ${storage.store.lastCommit}, ${said.lastCommit} was acknowledged`);
      }
      const rows = await storage.store.list({ gte: 'op/', lt: 'op0' });
      findings.push(...auditRows(rows, said));
      const after = await storage.store.commit([['audit', new Uint8Array()]]);
      if (after !== storage.store.lastCommit) findings.push('the number of a new commit is not the last');
    } finally {
      await storage.close();
    }
    if (existsSync(join(data, 'documents', 'HEAD')) || said.documents.size > 0) {
      findings.push(...(await auditDocuments(join(data, 'documents'), said)));
    }
  } catch (error) {
    findings.push(`it does not open: ${error instanceof Error ? error.message : String(error)}`);
  }
  return findings;
}

function auditRows(
  rows: readonly (readonly [string, Uint8Array])[],
  { batches, absent }: Acknowledged,
): string[] {
  const findings: string[] = [];
  const found = new Map<string, number>();
  const widths = new Set<number>();
  for (const [key, value] of rows) {
    const [, id = ''] = key.split('/');
    found.set(id, (found.get(id) ?? 0) + 1);
    const pattern = `${id} `;
    const expected = pattern.repeat(Math.ceil(value.length / pattern.length)).slice(0, value.length);
    if (value.length === 0 || text(value) !== expected)
      findings.push(`${key} holds other bytes than were written`);
  }
  for (const [id, count] of found) {
    widths.add(count);
    if (absent.has(id)) findings.push(`refused batch ${id} came back`);
  }
  if (widths.size > 1) findings.push(`batches are there in part: ${[...widths].join(' and ')} rows`);
  for (const [id, count] of batches) {
    if (found.get(id) !== count)
      findings.push(`acknowledged batch ${id} has ${found.get(id) ?? 0} of ${count} rows`);
  }
  return findings;
}

async function auditDocuments(directory: string, said: Acknowledged): Promise<string[]> {
  const findings: string[] = [];
  const documents = await openDocuments({ directory, durability: 'sync', reserve: 0 });
  try {
    const names = await documents.names();
    for (const name of said.documents.keys())
      if (!names.includes(name)) findings.push(`acknowledged ${name} is gone`);
    for (const name of names) {
      const state = await documents.read(name);
      const doc = new Doc();
      if (state !== undefined) applyUpdate(doc, state);
      const version = Number(doc.getMap('ops').get('version') ?? 0);
      const least = said.documents.get(name) ?? 0;
      if (version < least) findings.push(`${name} is at version ${version}, ${least} was acknowledged`);
    }
  } finally {
    await documents.close();
  }
  return findings;
}
