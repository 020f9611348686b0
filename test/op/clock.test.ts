import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits, Stamp } from '../../schemas/index.ts';
import { type Clock, compareStamps, createClock, fromBase32, stampTime } from '../../src/op/index.ts';
import { member, randomFrom, workspace } from './sample.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const bits = (stamp: string): bigint =>
  [...stamp].reduce((sum, char) => sum * 32n + BigInt(alphabet.indexOf(char)), 0n);

const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 42 }),
  fc.constantFrom(0, 1, -5, 0.5, Number.NaN, 2 ** 41, 1_700_000_000_000),
);

describe('stamps', () => {
  test('OP-10 48 bits of ms, 16 of counter, 40 of the replica, 24 of the opening', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer(), (now, seed) => {
        const clock = createClock({ now: () => now, random: randomFrom(seed), replica: member });
        const opening = randomFrom(seed)(3);
        const tail = [...fromBase32(member).subarray(0, 5), ...opening].reduce(
          (sum, byte) => sum * 256n + BigInt(byte),
          0n,
        );
        for (let count = 0n; count < 40n; count++) {
          const stamp = clock.next();
          expect(Stamp.safeParse(stamp).success).toBe(true);
          expect(bits(stamp)).toBe((BigInt(now) << 80n) | (count << 64n) | tail);
          expect(stampTime(stamp)).toBe(now);
        }
      }),
    );
  });

  test('OP-10 text order is the order of time, then counter', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), (a, b) => {
        const at = (high: bigint): string => {
          let text = '';
          for (let rest = high << 64n, i = 0; i < 26; i++, rest >>= 5n)
            text = alphabet[Number(rest & 31n)] + text;
          return text;
        };
        expect(Math.sign(compareStamps(at(a), at(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  test('OP-11 never back: any wall clock, any restarts, any stamps seen', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('next' as const), now: anyTime }),
      fc.record({ do: fc.constant('restart' as const), now: anyTime }),
      fc.record({
        do: fc.constant('observe' as const),
        now: anyTime,
        remote: fc.integer({ min: 0, max: 2 ** 42 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
        let now = 0;
        const random = randomFrom(seed);
        const open = (last?: string): Clock => createClock({ now: () => now, random, replica: member, last });
        let clock = open();
        let highest = '';
        for (const each of steps) {
          now = each.now;
          if (each.do === 'restart') clock = open(highest === '' ? undefined : highest);
          if (each.do === 'observe')
            clock.observe(createClock({ now: () => each.remote, random, replica: workspace }).next());
          if (each.do === 'next') {
            const stamp = clock.next();
            expect(stamp > highest).toBe(true);
            expect(clock.last).toBe(stamp);
            highest = stamp;
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('OP-11 a full counter takes the next ms', () => {
    const clock = createClock({ now: () => 1000, random: randomFrom(1), replica: member });
    let before = '';
    let rising = true;
    for (let i = 0; i < 65536; i++) {
      const stamp = clock.next();
      rising &&= stamp > before;
      before = stamp;
    }
    expect(rising).toBe(true);
    expect(stampTime(before)).toBe(1000);
    expect(stampTime(clock.next())).toBe(1001);
  });

  test('OP-12 a stamp seen is followed up to 5 minutes ahead, not beyond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: -1000, max: 1000 }), (now, off) => {
        const clock = createClock({ now: () => now, random: randomFrom(1), replica: member });
        const ahead = now + limits.skew + off;
        const remote = createClock({ now: () => ahead, random: randomFrom(2), replica: workspace }).next();
        clock.observe(remote);
        expect(clock.next() > remote).toBe(off <= 0);
      }),
    );
  });

  test('OP-11 an own stamp far ahead is believed after a restart', () => {
    const last = createClock({ now: () => 2 ** 41, random: randomFrom(1), replica: member }).next();
    const clock = createClock({ now: () => 5, random: randomFrom(2), replica: member, last });
    expect(clock.last).toBe(last);
    expect(clock.next() > last).toBe(true);
  });
});
