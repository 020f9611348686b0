import { join } from 'node:path';
import { type Files, nodeFiles } from './files.ts';
import { makeDirectories } from './make-directories.ts';
import type { Store } from './port.ts';
import { openLevelStore } from './store/level.ts';

/** Where the documents of a data directory lie that anybody writes and no log has. */
export const padsIn = (directory: string): string => join(directory, 'pads');

/**
 * Clients that may have written to a pad before it is told of. A Yjs document keeps each client that ever wrote, and looks
 * at all of them with each exchange; nothing takes one out again without losing or doubling what stock clients write.
 */
export const mostClients = 2_000;

/** A pad that many clients wrote. */
export interface CrowdedPad {
  /** `pad/<name>`. */
  readonly document: string;
  readonly clients: number;
}

/** The store of the pads of a data directory, for whoever serves them and for backups: it is opened once. */
export interface Pads {
  /** Opens it, and makes it where there is none. Rejects with a `StorageError`; the next call tries again. */
  store(): Promise<Store>;
  /** Undefined where nobody ever wrote a pad. */
  existing(): Promise<Store | undefined>;
  /** So many clients have written to a pad: told when it was loaded, and when more have. */
  wrote(document: string, clients: number): void;
  /** Those that `mostClients` or more have written to, of all that were loaded since this was opened; the fullest first. */
  crowded(): readonly CrowdedPad[];
  close(): Promise<void>;
}

export function openPads(directory: string, files: Files = nodeFiles): Pads {
  const at = padsIn(directory);
  let opened: Promise<Store> | undefined;
  const crowded = new Map<string, number>();

  async function open(): Promise<Store> {
    makeDirectories(at, 0o700);
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
    wrote(document, clients) {
      if (clients >= mostClients) crowded.set(document, clients);
    },
    crowded: () =>
      [...crowded]
        .map(([document, clients]) => ({ document, clients }))
        .sort((a, b) => b.clients - a.clients || (a.document < b.document ? -1 : 1)),
    async close() {
      const store = await opened?.catch(() => undefined);
      opened = Promise.reject(new TypeError('the pads are closed'));
      opened.catch(() => undefined);
      await store?.close();
    },
  };
  return pads;
}
