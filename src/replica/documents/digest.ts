import type { Hash } from '../../../schemas/index.ts';
import { type Crypto, parseDocumentName, segmentDigest, treeDigest } from '../../log/index.ts';
import type { Database } from '../commit/database.ts';
import { type CheckpointRow, keys, type SegmentRow } from '../commit/rows.ts';
import type { Documents } from './documents.ts';

/** Digests of what stands in documents; each is made anew when something under it changed. */
export interface Digests {
  ofDocument(document: string): Promise<Hash>;
  /** Segments of a log that exist, ascending. */
  segments(log: string): Promise<readonly number[]>;
  ofLog(log: string): Promise<Hash>;
  /** Every log with its digest; of a marks log that of its newest segment. */
  logs(): Promise<readonly (readonly [log: string, digest: Hash])[]>;
  /** The tree over logs and their segments. Marks are exempt: old segments of them may go. */
  workspace(): Promise<Hash>;
  /** The tree over the newest segments of the marks. */
  marks(): Promise<Hash>;
  /** The document changed. */
  changed(document: string): void;
  /** After a refused write: nothing is sure. */
  forget(): void;
}

export const isMarks = (log: string): boolean => log.startsWith('marks.');

export function createDigests(options: {
  readonly database: Database;
  readonly documents: Documents;
  readonly crypto: Pick<Crypto, 'sha256'>;
}): Digests {
  const { database, documents, crypto } = options;
  const byDocument = new Map<string, Hash>();
  const byLog = new Map<string, Hash>();
  const parts = new Map<string, readonly number[]>();
  let names: readonly string[] | undefined;
  const roots = new Map<'logs' | 'marks', Hash>();
  /** Changes: what was being made when one came is not kept. */
  let version = 0;

  function kept(document: string): Hash | undefined {
    const tail = documents.tails.get(document);
    if (tail) return tail.digest;
    if (documents.isSettling(document)) return undefined;
    return database.get<CheckpointRow>(keys.checkpoint(document))?.digest;
  }

  /** A segment has its digest in its checkpoint, or in its tail when it was closed well; else it is read. */
  async function ofDocument(document: string): Promise<Hash> {
    const known = byDocument.get(document);
    if (known !== undefined) return known;
    const began = version;
    const digest = kept(document) ?? (await documents.digest(document));
    if (began === version) byDocument.set(document, digest);
    return digest;
  }

  async function segments(log: string): Promise<readonly number[]> {
    const known = parts.get(log);
    if (known) return known;
    const began = version;
    const rows = await database.under<unknown>(`v/part/${log}/`);
    const found = rows.map(([key]) => Number(key.slice(key.lastIndexOf('/') + 1)));
    if (began === version) parts.set(log, found);
    return found;
  }

  async function ofLog(log: string): Promise<Hash> {
    const known = byLog.get(log);
    if (known !== undefined) return known;
    const began = version;
    const all = await segments(log);
    const newest = all.at(-1);
    let digest: Hash;
    if (isMarks(log))
      digest = newest === undefined ? segmentDigest(crypto, []) : await ofDocument(`log/${log}/${newest}`);
    else {
      const children: [string, Hash][] = [];
      for (const n of all) children.push([String(n), await ofDocument(`log/${log}/${n}`)]);
      digest = treeDigest(crypto, children);
    }
    if (began === version) byLog.set(log, digest);
    return digest;
  }

  async function logNames(): Promise<readonly string[]> {
    if (names) return names;
    const began = version;
    const found = (await database.under<SegmentRow>('segment/')).map(([key]) => key.slice('segment/'.length));
    if (began === version) names = found;
    return found;
  }

  async function logs(): Promise<[string, Hash][]> {
    const all: [string, Hash][] = [];
    for (const log of await logNames()) all.push([log, await ofLog(log)]);
    return all;
  }

  /** Marks apart: whoever asks for one root need not load what the other is made of. */
  async function root(of: 'logs' | 'marks'): Promise<Hash> {
    const known = roots.get(of);
    if (known !== undefined) return known;
    const began = version;
    const children: [string, Hash][] = [];
    for (const log of await logNames())
      if (isMarks(log) === (of === 'marks')) children.push([log, await ofLog(log)]);
    const digest = treeDigest(crypto, children);
    if (began === version) roots.set(of, digest);
    return digest;
  }

  return {
    ofDocument,
    segments,
    ofLog,
    logs,
    workspace: () => root('logs'),
    marks: () => root('marks'),
    changed(document) {
      version++;
      roots.clear();
      byDocument.delete(document);
      const name = parseDocumentName(document);
      if (!name) return;
      byLog.delete(name.log);
      if (parts.get(name.log)?.includes(name.segment) === false) parts.delete(name.log);
      if (names?.includes(name.log) === false) names = undefined;
    },
    forget() {
      version++;
      roots.clear();
      names = undefined;
      byDocument.clear();
      byLog.clear();
      parts.clear();
    },
  };
}
