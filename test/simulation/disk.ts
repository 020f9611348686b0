import { decodeRow } from '../../src/replica/commit/rows.ts';
import { createMemoryDocuments } from '../../src/storage/documents/memory.ts';
import type { Storage } from '../../src/storage/open.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';
import { type MemoryStores, memoryStorage, memoryStores } from '../support/memory-storage.ts';

/** A data directory in memory, of which a crash leaves what was synced. */
export interface Disk {
  storage(): Storage;
  crash(): void;
  /** A row as it is stored. */
  row<T>(key: string): T | undefined;
  /** Another one that holds the same, for a copy of the directory. */
  copy(directory: string): Promise<Disk>;
}

export function memoryDisk(directory: string, held: MemoryStores = memoryStores()): Disk {
  let { store, documents } = held;
  return {
    storage: (): Storage => memoryStorage(directory, { store, documents }),
    crash() {
      store = store.crash();
      documents = documents.crash();
    },
    row<T>(key: string) {
      const bytes = store.getSync(key);
      return bytes && decodeRow<T>(bytes);
    },
    async copy(to) {
      const rows = createMemoryStore();
      await rows.commit(await store.list({ gte: '', lt: '\u{10ffff}' }));
      const states = createMemoryDocuments();
      for (const name of await documents.names())
        await states.write(name, (await documents.read(name)) ?? new Uint8Array());
      return memoryDisk(to, { store: rows, documents: states });
    },
  };
}
