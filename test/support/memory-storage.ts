import { mkdirSync } from 'node:fs';
import { createMemoryDocuments, type MemoryDocumentStore } from '../../src/storage/documents/memory.ts';
import type { Storage } from '../../src/storage/open.ts';
import { createMemoryStore, type MemoryStore } from '../../src/storage/store/memory.ts';

/** What a directory in memory holds: stores that fail on command and outlive the replicas opened on them, as a disk does. */
export interface MemoryStores {
  readonly store: MemoryStore;
  readonly documents: MemoryDocumentStore;
}

export const memoryStores = (): MemoryStores => ({
  store: createMemoryStore(),
  documents: createMemoryDocuments(),
});

export interface MemoryStorage extends Storage, MemoryStores {
  readonly store: Storage['store'] & MemoryStore;
  readonly documents: Storage['documents'] & MemoryDocumentStore;
}

/** The storage of a replica whose key lies in `directory`, and all else in memory. */
export function memoryStorage(
  directory: string,
  { store, documents }: MemoryStores = memoryStores(),
): MemoryStorage {
  mkdirSync(directory, { recursive: true });
  const scrub = async () => ({ tables: 0, bytes: 0, unrecorded: 0, problems: [] });
  return {
    store: Object.assign(store, { loss: undefined, acceptLoss: async () => undefined, scrub }),
    documents: Object.assign(documents, { scrub }),
    info: { directory, format: 1, isNew: false, durability: 'sync', loss: undefined },
    scrub: async () => ({ journal: await scrub(), documents: await scrub() }),
    free: () => 1e12,
    close: async () => undefined,
  };
}
