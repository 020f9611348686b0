// Runs in a page: see test/support/page/run.ts.
import { openBrowserStorage } from '../../../../src/storage/indexeddb/index.ts';
import { documentsContract } from '../../../contracts/documents.ts';
import { storeContract } from '../../../contracts/store.ts';
import { ownCases } from './own.ts';
import { tools } from './tools.ts';

let made = 0;

const fresh = (): string => {
  made += 1;
  return `test-${made}`;
};

storeContract('IndexedDB', async () => {
  const name = fresh();
  return {
    async open() {
      const storage = await openBrowserStorage(name);
      // Not a copy: some of it says how things are now.
      return Object.assign(Object.create(storage.store) as typeof storage.store, { close: storage.close });
    },
  };
});

documentsContract('IndexedDB', async () => {
  const name = fresh();
  return {
    async open() {
      const { documents, close } = await openBrowserStorage(name);
      return { ...documents, close };
    },
  };
});

ownCases(fresh);
Object.assign(globalThis, { tools });
