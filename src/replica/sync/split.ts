import type { Entry, Hash } from '../../../schemas/index.ts';
import { createWriter, freshClientID } from '../../log/index.ts';
import { type Crypto, entryKey } from '../../op/index.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import type { Commits, Work } from '../commit/commits.ts';
import {
  type CheckpointRow,
  entryOf,
  keys,
  type OperationRow,
  type PlaceRow,
  type TwinRow,
  under,
} from '../commit/rows.ts';
import type { Draft, Reader } from '../commit/transaction.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
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

export interface RemakeOptions {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly documents: Documents;
  readonly commits: Commits;
  readonly checkpoints: Pick<Checkpoints, 'alone'>;
  readonly stored: DocumentStore;
  readonly store: Store;
  readonly random: (bytes: number) => Uint8Array;
  /** The document is another one now. */
  readonly changed: (document: string) => void;
}

/**
 * Writes a document anew from operations, in a fresh `Y.Doc` and under a fresh clientID: what was recorded of it goes.
 * `entries` says what stands in it then, with nothing queued; undefined: it stays as it is. `also` joins the write.
 * Returns how many entries it holds.
 */
export async function remake(
  options: RemakeOptions,
  document: string,
  entries: (draft: Draft) => Promise<ReadonlyMap<Hash, Entry> | undefined>,
  also?: (draft: Draft) => void,
): Promise<number | undefined> {
  const { documents, commits, checkpoints, stored, store, random } = options;
  let letGo: (() => void) | undefined;

  async function replace({ draft, onDurable, settled }: Work): Promise<number | undefined> {
    await settled();
    const all = await entries(draft);
    if (!all) return undefined;
    const update = createWriter({ clientID: freshClientID(random) }).encode([...all]);
    const records = await store.list(under(`rec/${document}/`));
    await stored.write(document, update);
    letGo = documents.replace(document, update);
    for (const [key] of records) draft.remove(key);
    documents.settle({ draft, onDurable }, document, Number.MAX_SAFE_INTEGER);
    const last = records.at(-1)?.[0];
    const through = last === undefined ? 0 : Number(last.slice(last.lastIndexOf('/') + 1));
    draft.put(keys.checkpoint(document), { through } satisfies CheckpointRow);
    also?.(draft);
    options.changed(document);
    return all.size;
  }

  return checkpoints.alone(async () => {
    // First by itself: cut off between the stored document and the journal it would be the digest of what was before.
    await commits.write(({ draft }) => documents.doubt(draft, document), { urgent: true });
    try {
      return await commits.write(replace, { urgent: true });
    } finally {
      letGo?.();
      options.changed(document);
    }
  });
}
