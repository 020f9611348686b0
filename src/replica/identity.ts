import type { Hash, Stamp } from '../../schemas/index.ts';
import { type Clock, createClock, type Signer } from '../op/index.ts';

/** A key, and the clock of what is written under it. */
export interface Self {
  readonly signer: Signer;
  readonly clock: Clock;
}

/** Who this replica is now. A copied directory takes another key while it is open, and everyone sees that at once. */
export interface Identity extends Self {
  /** Follows the stamp of an operation from elsewhere. Returns the highest that this clock gave or followed. */
  follow(stamp: Stamp): Stamp | undefined;
  /** Another key with a clock of its own, to write under before this replica becomes it. */
  beside(signer: Signer): Self;
  /** Only where no operation is being made: in a write. */
  become(next: Self): void;
}

const later = (a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

/** `last`: the highest stamp that this directory ever gave or followed; undefined or empty for a new one. */
export function createIdentity(options: {
  readonly signer: Signer;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly last: Stamp | undefined;
}): Identity {
  const { now, random } = options;
  const made = (signer: Signer, last: Stamp | undefined): Self => ({
    signer,
    clock: createClock({ now, random, replica: signer.id, last: last === '' ? undefined : last }),
  });
  let self = made(options.signer, options.last);
  return {
    signer: {
      get id(): Hash {
        return self.signer.id;
      },
      get publicKey() {
        return self.signer.publicKey;
      },
      sign: (bytes) => self.signer.sign(bytes),
    },
    clock: {
      get last() {
        return self.clock.last;
      },
      next: () => self.clock.next(),
      observe: (stamp) => self.clock.observe(stamp),
    },
    follow(stamp) {
      self.clock.observe(stamp);
      return self.clock.last;
    },
    beside: (signer) => made(signer, self.clock.last),
    become(next) {
      self = made(next.signer, later(self.clock.last, next.clock.last));
    },
  };
}
