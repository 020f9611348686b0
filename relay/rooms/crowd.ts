import type { Duplex } from 'node:stream';

/** How many connections are open, from their upgrade until they have ended: one that is told to leave is still there. */
export interface Crowd {
  /** Counts one more; false, and nothing counted, where there are as many as may be. */
  enter(raw: Duplex): boolean;
}

export function openCrowd(most: number): Crowd {
  let size = 0;
  return {
    enter(raw) {
      if (size >= most) return false;
      size += 1;
      raw.once('close', () => {
        size -= 1;
      });
      return true;
    },
  };
}
