import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Files, nodeFiles } from './files.ts';
import type { Store } from './port.ts';
import { openLevelStore } from './store/level.ts';

/** Where the documents of a data directory lie that anybody writes and no log has. */
export const padsIn = (directory: string): string => join(directory, 'pads');

/** The store of the pads of a data directory, for whoever serves them and for backups: it is opened once. */
export interface Pads {
  /** Opens it, and makes it where there is none. Rejects with a `StorageError`; the next call tries again. */
  store(): Promise<Store>;
  /** Undefined where nobody ever wrote a pad. */
  existing(): Promise<Store | undefined>;
  close(): Promise<void>;
}

export function openPads(directory: string, files: Files = nodeFiles): Pads {
  const at = padsIn(directory);
  let opened: Promise<Store> | undefined;

  async function open(): Promise<Store> {
    mkdirSync(at, { recursive: true, mode: 0o700 });
    return openLevelStore({ directory: at, durability: 'sync', files });
  }

  const pads: Pads = {
    store() {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
    existing: async () => (opened || files.kind(at) === 'directory' ? pads.store() : undefined),
    async close() {
      const store = await opened?.catch(() => undefined);
      opened = Promise.reject(new TypeError('the pads are closed'));
      opened.catch(() => undefined);
      await store?.close();
    },
  };
  return pads;
}
