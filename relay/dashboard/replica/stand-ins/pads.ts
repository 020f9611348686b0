import type * as Original from '../../../../src/storage/pads.ts';
import type { Store } from '../../../../src/storage/port.ts';
import { openPadsStore } from '../storage.ts';

export const mostClients: typeof Original.mostClients = 2_000;
export const padsIn: typeof Original.padsIn = (directory) => `${directory}/pads`;

/** Pads are of stock Yjs clients, which come to a relay: the page only carries them. */
export const openPads: typeof Original.openPads = (directory) => {
  let opened: Promise<Store> | undefined;
  let closed = false;
  const pads: ReturnType<typeof Original.openPads> = {
    store() {
      if (closed) return Promise.reject(new TypeError('the pads are closed'));
      opened ??= openPadsStore(padsIn(directory));
      return opened;
    },
    existing: async () => opened,
    wrote: () => undefined,
    crowded: () => [],
    async close() {
      closed = true;
      await (await opened?.catch(() => undefined))?.close();
    },
  };
  return pads;
};
