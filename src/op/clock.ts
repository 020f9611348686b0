import { CoterieError, type Hash, type Header, limits, type Stamp } from '../../schemas/index.ts';
import { fromBase32 } from './encoding/bytes.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const maxTime = 2 ** 48 - 1;
const maxCount = 0xffff;

const digit = (value: number): string => alphabet.charAt(value & 31);

/** A time, ms, as the first ten characters of a stamp. */
export function timePart(ms: number): string {
  let rest = ms;
  let result = '';
  for (let i = 0; i < 10; i++) {
    result = digit(rest % 32) + result;
    rest = Math.floor(rest / 32);
  }
  return result;
}

const valueAt = (stamp: Stamp, at: number): number => alphabet.indexOf(stamp.charAt(at));

/** Where an operation stands in a list that is ordered by stamp: history at its own time. */
export const shownStamp = ({ imported, stamp }: Pick<Header, 'imported' | 'stamp'>): Stamp =>
  imported ? `${timePart(imported.at)}${'0'.repeat(16)}` : stamp;

/** The wall clock in a stamp, ms since 1970. */
export function stampTime(stamp: Stamp): number {
  let ms = 0;
  for (let i = 0; i < 10; i++) ms = ms * 32 + valueAt(stamp, i);
  return ms;
}

/** The 16-bit counter in a stamp: three characters and the high bit of a fourth. */
const stampCount = (stamp: Stamp): number =>
  (valueAt(stamp, 10) << 11) |
  (valueAt(stamp, 11) << 6) |
  (valueAt(stamp, 12) << 1) |
  (valueAt(stamp, 13) >> 4);

/** Order of stamps: negative when `a` is the earlier. */
export const compareStamps = (a: Stamp, b: Stamp): number => (a < b ? -1 : a > b ? 1 : 0);

export interface Clock {
  /** A stamp later than every one given before, in this opening and in those before. */
  next(): Stamp;
  /** Later stamps of ours shall follow this one, unless it is more than 5 minutes ahead of the wall clock. */
  observe(stamp: Stamp): void;
  /** The highest stamp given, observed (and followed) or passed at opening. */
  readonly last: Stamp | undefined;
}

/**
 * A hybrid logical clock: 48-bit ms, 16-bit counter, 40 bits of the replica's hash, 24 random bits an opening.
 * `now`: wall clock, ms, which may jump. `last`: the highest stamp that this replica ever gave or followed, so that
 * stamps don't go back over a restart; it is believed whatever the wall clock says.
 */
export function createClock(options: {
  now: () => number;
  random: (bytes: number) => Uint8Array;
  replica: Hash;
  last?: Stamp | undefined;
}): Clock {
  const tail = new Uint8Array(8);
  tail.set(fromBase32(options.replica).subarray(0, 5));
  tail.set(options.random(3).subarray(0, 3), 5);
  const rest = tail.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const high = Number(rest >> 60n);
  let low = '';
  for (let shift = 55n; shift >= 0n; shift -= 5n) low += digit(Number((rest >> shift) & 31n));

  let last = options.last;
  let time = last === undefined ? -1 : stampTime(last);
  let count = last === undefined ? 0 : stampCount(last);
  let timeText = last === undefined ? '' : last.slice(0, 10);

  const wall = (): number => {
    const now = Math.floor(options.now());
    return Number.isFinite(now) ? Math.min(Math.max(now, 0), maxTime) : 0;
  };
  const advance = (ms: number): void => {
    if (ms > maxTime) throw new CoterieError('internal', 'the clock has come to its end');
    time = ms;
    count = 0;
    timeText = timePart(ms);
  };

  return {
    next() {
      const now = wall();
      if (now > time) advance(now);
      else if (count === maxCount) advance(time + 1);
      else count++;
      last = `${timeText}${digit(count >> 11)}${digit(count >> 6)}${digit(count >> 1)}${digit(((count & 1) << 4) | high)}${low}`;
      return last;
    },
    observe(stamp) {
      if (last !== undefined && stamp <= last) return;
      const ms = stampTime(stamp);
      if (ms > wall() + limits.skew) return;
      last = stamp;
      time = ms;
      count = stampCount(stamp);
      timeText = stamp.slice(0, 10);
    },
    get last() {
      return last;
    },
  };
}
