import { decodeRow } from '../../src/replica/commit/rows.ts';
import { createMemoryDocuments } from '../../src/storage/documents/memory.ts';
import type { Storage } from '../../src/storage/open.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';

/** A data directory in memory, of which a crash leaves what was synced. */
export interface Disk {
  storage(): Storage;
  crash(): void;
  /** A row as it is stored. */
  row<T>(key: string): T | undefined;
  /** Another one that holds the same, for a copy of the directory. */
  copy(directory: string): Promise<Disk>;
}

export function memoryDisk(
  directory: string,
  held = { store: createMemoryStore(), documents: createMemoryDocuments() },
): Disk {
  let { store, documents } = held;
  const scrub = async () => ({ tables: 0, bytes: 0, unrecorded: 0, problems: [] });
  return {
    storage: (): Storage => ({
      store: Object.assign(store, { loss: undefined, acceptLoss: async () => undefined, scrub }),
      documents: Object.assign(documents, { scrub }),
      info: { directory, format: 1, isNew: false, durability: 'sync', loss: undefined },
      scrub: async () => ({ journal: await scrub(), documents: await scrub() }),
      free: () => 1e12,
      close: async () => undefined,
    }),
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
