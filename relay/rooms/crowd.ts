import type { Duplex } from 'node:stream';
import type { Asker } from '../http/address.ts';

/** How many connections are open, from their upgrade until they have ended: one that is told to leave is still there. */
export interface Crowd {
  /** Counts one more; false, and nothing counted, where there are as many as may be, of all or of this address. */
  enter(raw: Duplex, asker?: Asker): boolean;
}

/** `each`: of one address of elsewhere at most. */
export function openCrowd(most: number, each = most): Crowd {
  let size = 0;
  const addresses = new Map<string, number>();
  return {
    enter(raw, asker) {
      const address = asker === undefined || asker.here ? undefined : asker.address;
      const own = address === undefined ? 0 : (addresses.get(address) ?? 0);
      if (size >= most || own >= each) return false;
      size += 1;
      if (address !== undefined) addresses.set(address, own + 1);
      raw.once('close', () => {
        size -= 1;
        if (address === undefined) return;
        const left = (addresses.get(address) ?? 1) - 1;
        if (left > 0) addresses.set(address, left);
        else addresses.delete(address);
      });
      return true;
    },
  };
}
