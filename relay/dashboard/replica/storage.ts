import { createMemoryDocuments } from '../../../src/storage/documents/memory.ts';
import type { Storage } from '../../../src/storage/open.ts';
import type { Store } from '../../../src/storage/port.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';

export async function openStorage(name: string): Promise<Storage> {
  const store = createMemoryStore();
  const documents = createMemoryDocuments();
  return {
    store: { ...store, loss: undefined },
    documents,
    info: { directory: name, format: 1, isNew: true, durability: 'sync', loss: undefined },
    free: () => Number.MAX_SAFE_INTEGER,
    close: async () => undefined,
  } as unknown as Storage;
}
export const openPadsStore = async (_name: string): Promise<Store> => createMemoryStore();
export const isKept = async (_name: string): Promise<boolean> => false;
export const forgetStorage = async (_name: string): Promise<void> => undefined;
