import { decodeRow, encodeRow, keys, under } from '../../src/replica/commit/rows.ts';
import { inviteKey } from '../../src/replica/machines/invites.ts';
import { freshEpoch } from '../../src/replica/workspace/bootstrap.ts';
import { createMemoryDocuments } from '../../src/storage/documents/memory.ts';
import type { Storage } from '../../src/storage/open.ts';
import type { Write } from '../../src/storage/port.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';
import { type MemoryStores, memoryStorage, memoryStores } from '../support/memory-storage.ts';

/** A data directory in memory, of which a crash leaves what was synced. */
export interface Disk {
  storage(): Storage;
  crash(): void;
  /** A row as it is stored. */
  row<T>(key: string): T | undefined;
  /** Rows whose keys begin so. */
  rows<T>(prefix: string): Promise<[key: string, row: T][]>;
  /** As it is after a restore from a backup that held what it holds now. */
  restored(random: (bytes: number) => Uint8Array): Promise<void>;
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
    async rows<T>(prefix: string) {
      const rows = await store.list(under(prefix));
      return rows.map(([key, bytes]): [string, T] => [key, decodeRow<T>(bytes)]);
    },
    async restored(random) {
      const invites = await store.list(under(inviteKey('')));
      await store.commit([
        ...invites.map(([key]): Write => [key, undefined]),
        [keys.meta('epoch'), encodeRow(freshEpoch(random))],
        [keys.meta('restored'), encodeRow(true)],
      ]);
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
