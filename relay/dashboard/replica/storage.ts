import {
  isBrowserStorageKept,
  openBrowserStorage,
  openBrowserStore,
  removeBrowserStorage,
} from '../../../src/storage/indexeddb/index.ts';
import type { Storage } from '../../../src/storage/open.ts';
import type { Store } from '../../../src/storage/port.ts';

/** What this browser keeps of a replica, by its name. */
export const openStorage = (name: string): Promise<Storage> => openBrowserStorage(name);

export const openPadsStore = (name: string): Promise<Store> => openBrowserStore(name);

/** Whether there is anything of it. */
export const isKept = (name: string): Promise<boolean> => isBrowserStorageKept(name);

export async function forgetStorage(name: string): Promise<void> {
  await removeBrowserStorage(name);
  await removeBrowserStorage(`${name}/pads`);
}
