import { type Crypto, treeDigest } from '../../log/index.ts';
import type { Database } from '../commit/database.ts';
import { type CheckpointRow, keys, type SegmentRow } from '../commit/rows.ts';
import type { Documents } from './documents.ts';

/**
 * Digest of the workspace: the tree over logs and their segments. A segment has its digest in its checkpoint, or in
 * its tail when it was closed well; one that was written to since is read. Marks are exempt: old segments of them may go.
 */
export function createDigests(options: {
  readonly database: Database;
  readonly documents: Documents;
  readonly crypto: Pick<Crypto, 'sha256'>;
}) {
  const { database, documents, crypto } = options;

  async function ofSegment(document: string): Promise<string> {
    const tail = documents.tails.get(document);
    const known = tail ? tail.digest : database.get<CheckpointRow>(keys.checkpoint(document))?.digest;
    return known ?? documents.digest(document);
  }

  return {
    async workspace(): Promise<string> {
      const logs: [string, string][] = [];
      for (const [key, { n }] of await database.under<SegmentRow>('segment/')) {
        const log = key.slice('segment/'.length);
        if (log.startsWith('marks.')) continue;
        const segments: [string, string][] = [];
        for (let segment = 1; segment <= n; segment++)
          segments.push([String(segment), await ofSegment(`log/${log}/${segment}`)]);
        logs.push([log, treeDigest(crypto, segments)]);
      }
      return treeDigest(crypto, logs);
    },
  };
}
