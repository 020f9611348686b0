import type { Hash } from '../../../schemas/index.ts';
import { type Crypto, parseDocumentName, segmentDigest, treeDigest } from '../../log/index.ts';
import { isMarks } from '../../log/marks.ts';
import type { Database } from '../commit/database.ts';
import { type CheckpointRow, keys, type SegmentRow } from '../commit/rows.ts';
import { exchanged as exchangedOf } from '../ledger/subjects/marks.ts';
import type { Documents } from './documents.ts';

/** Digests of what stands in documents; each is made anew when something under it changed. */
export interface Digests {
  ofDocument(document: string): Promise<Hash>;
  /** Segments of a log that exist, ascending. */
  segments(log: string): Promise<readonly number[]>;
  /** Those of them that are compared with others: of a marks log the newest that its member wrote to. */
  exchanged(log: string): Promise<readonly number[]>;
  ofLog(log: string): Promise<Hash>;
  /** Every log with its digest. */
  logs(): Promise<readonly (readonly [log: string, digest: Hash])[]>;
  /** The tree over logs and their segments. Marks are exempt: old segments of them may go. */
  workspace(): Promise<Hash>;
  /** The tree over the segments of the marks that are exchanged. */
  marks(): Promise<Hash>;
  /** The document changed. */
  changed(document: string): void;
  /** After a refused write: nothing is sure. */
  forget(): void;
}

export function createDigests(options: {
  readonly database: Database;
  readonly documents: Documents;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Marks logs of which another segment may be the newest now. */
  readonly moved: Set<string>;
}): Digests {
  const { database, documents, crypto, moved } = options;
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
    // A log that is not here has any number of names.
    if (began === version && found.length > 0) parts.set(log, found);
    return found;
  }

  async function exchanged(log: string): Promise<readonly number[]> {
    return exchangedOf(database, log, await segments(log));
  }

  /** What was made of another segment than the one that is the newest now. */
  function look(): void {
    if (moved.size === 0) return;
    version++;
    roots.delete('marks');
    for (const log of moved) byLog.delete(log);
    moved.clear();
  }

  async function ofLog(log: string): Promise<Hash> {
    look();
    const known = byLog.get(log);
    if (known !== undefined) return known;
    const began = version;
    const all = await exchanged(log);
    let digest: Hash;
    if (isMarks(log)) {
      const [newest] = all;
      digest = newest === undefined ? segmentDigest(crypto, []) : await ofDocument(`log/${log}/${newest}`);
    } else {
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
    look();
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
    exchanged,
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
