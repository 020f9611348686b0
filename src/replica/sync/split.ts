import type { Entry, Hash } from '../../../schemas/index.ts';
import { createWriter, freshClientID } from '../../log/index.ts';
import { type Crypto, entryKey } from '../../op/index.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import { entryOf, keys, type OperationRow, type PlaceRow, type TwinRow, under } from '../commit/rows.ts';
import type { Draft, Reader } from '../commit/transaction.ts';
import type { Documents } from '../documents/documents.ts';

/** Entries that stand in a document, as the operations say. */
export async function entriesIn(
  crypto: Pick<Crypto, 'sha256'>,
  reader: Reader,
  document: string,
): Promise<Map<Hash, Entry>> {
  const entries = new Map<Hash, Entry>();
  for (const [, places] of await reader.under<PlaceRow>(`v/at/${document}/`)) {
    for (const [key, hash] of places) {
      if (entries.has(key)) continue;
      const row = reader.get<OperationRow>(keys.operation(hash));
      if (!row) continue;
      const twin =
        entryKey(crypto, hash, row.sig) === key ? undefined : reader.get<TwinRow>(keys.twin(hash, key));
      entries.set(key, twin ? { ...entryOf(row), sig: twin.sig } : entryOf(row));
    }
  }
  return entries;
}

/**
 * Writes a document anew from the operations, in a fresh `Y.Doc` and under a fresh clientID, inside a write with
 * nothing queued: what was recorded of it goes. Returns how many entries it holds.
 */
export async function remake(
  options: {
    readonly crypto: Pick<Crypto, 'sha256'>;
    readonly documents: Documents;
    readonly stored: DocumentStore;
    readonly store: Store;
    readonly random: (bytes: number) => Uint8Array;
  },
  draft: Draft,
  document: string,
): Promise<number> {
  const { crypto, documents, stored, store, random } = options;
  const entries = await entriesIn(crypto, draft, document);
  const update = createWriter({ clientID: freshClientID(random) }).encode([...entries]);
  documents.forget(document);
  await stored.write(document, update);
  const records = await store.list(under(`rec/${document}/`));
  for (const [key] of records) draft.remove(key);
  documents.settle(draft, document, Number.MAX_SAFE_INTEGER);
  const last = records.at(-1)?.[0];
  const through = last === undefined ? 0 : Number(last.slice(last.lastIndexOf('/') + 1));
  draft.put(keys.checkpoint(document), { through });
  return entries.size;
}
