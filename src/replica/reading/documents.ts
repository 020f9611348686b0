import type { DocumentInfo, Hash, List } from '../../../schemas/index.ts';
import type { Database } from '../commit/database.ts';
import { keys, type PlaceRow, type SegmentRow } from '../commit/rows.ts';
import type { Digests } from '../documents/digest.ts';
import { type PageQuery, pageOf } from './context.ts';

interface Named {
  readonly document: string;
  readonly log: string;
  readonly segment: number;
}

async function countOf(database: Database, document: string): Promise<number> {
  const found = new Set<Hash>();
  for (const [, places] of await database.under<PlaceRow>(`v/at/${document}/`))
    for (const [key] of places) found.add(key);
  return found.size;
}

/** Log documents by log and segment. Counting and digests cost what a page holds; cold ones are not loaded. */
export async function listDocuments(
  { database, digests }: { readonly database: Database; readonly digests: Digests },
  query: PageQuery & { log?: string | undefined } = {},
): Promise<List<DocumentInfo>> {
  const logs = (await database.under<SegmentRow>('segment/')).map(([key]) => key.slice('segment/'.length));
  const all: Named[] = [];
  for (const log of logs)
    if (query.log === undefined || query.log === log)
      for (const segment of await digests.segments(log))
        all.push({ document: `log/${log}/${segment}`, log, segment });
  const { page, more } = pageOf(all, query, ({ document }) => document);
  const items: DocumentInfo[] = [];
  for (const { document, log, segment } of page)
    items.push({
      document,
      log,
      segment,
      entries: await countOf(database, document),
      digest: await digests.ofDocument(document),
      newest: database.get<SegmentRow>(keys.segment(log))?.n === segment,
    });
  return { items, ...more };
}
