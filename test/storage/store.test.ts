import { openLevelStore } from '../../src/storage/store/level.ts';
import { createMemoryStore, type MemoryStore } from '../../src/storage/store/memory.ts';
import { storeContract } from '../contracts/store.ts';
import { scratch } from '../support/scratch.ts';

storeContract('LevelDB, synced', async () => {
  const directory = scratch();
  return { open: () => openLevelStore({ directory, durability: 'sync' }) };
});

storeContract('LevelDB, left to the operating system', async () => {
  const directory = scratch();
  return { open: () => openLevelStore({ directory, durability: 'os' }) };
});

storeContract('memory', async () => {
  let store: MemoryStore | undefined;
  return {
    async open() {
      store = store === undefined ? createMemoryStore() : store.crash();
      return store;
    },
  };
});
