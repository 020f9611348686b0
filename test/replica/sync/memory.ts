import { mkdirSync } from 'node:fs';
import { createMemoryDocuments } from '../../../src/storage/documents/memory.ts';
import type { Storage } from '../../../src/storage/open.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/storage/store/memory.ts';

export interface MemoryStorage extends Storage {
  readonly memory: MemoryStore;
}

/** Stores in memory for a replica whose key lies in `directory`; they outlive its closing. */
export function memoryStorage(directory: string): MemoryStorage {
  mkdirSync(directory, { recursive: true });
  const scrub = async () => ({ tables: 0, bytes: 0, unrecorded: 0, problems: [] });
  const memory = createMemoryStore();
  return {
    memory,
    store: Object.assign(memory, { loss: undefined, acceptLoss: async () => undefined, scrub }),
    documents: Object.assign(createMemoryDocuments(), { scrub }),
    info: { directory, format: 1, isNew: false, durability: 'sync', loss: undefined },
    scrub: async () => ({ journal: await scrub(), documents: await scrub() }),
    free: () => 1e12,
    close: async () => undefined,
  };
}
