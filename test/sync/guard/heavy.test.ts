import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { createWriter } from '../../../src/log/index.ts';
import {
  createParking,
  guardBounds,
  judgeInSteps,
  judgeUpdate,
  parkingBounds,
} from '../../../src/sync/guard/index.ts';
import { type Crafted, craft } from './craft.ts';
import { drawFrom, home, makeEntry, openEmpty, pair, take } from './sample.ts';

const draw = drawFrom(8);
const key = makeEntry(draw).key;
const many = guardBounds.structs;

/** Updates of up to 1 MiB that ask for as much work as they can. */
const heavy: Record<string, () => Uint8Array> = {
  'structs of one client, each waiting': () =>
    craft([{ client: 5, clock: 1, structs: Array<Crafted>(many).fill({ origin: [9, 0] }) }]),
  'deleted items that follow each other': () =>
    craft([
      {
        client: 5,
        clock: 0,
        structs: [{ key }, ...Array.from({ length: many - 1 }, (_, i) => ({ origin: [5, i] as const }))],
      },
    ]),
  'deleted items of one key by as many clients': () =>
    craft(
      Array.from({ length: many }, (_, i) => ({
        client: 1 + i,
        clock: 0,
        structs: [{ origin: [1 + i + 1, 0] as const }],
      })).slice(0, -1),
    ),
  'two clients in turns': () =>
    craft([
      {
        client: 9,
        clock: 0,
        structs: [{ key }, ...Array.from({ length: many / 2 - 1 }, (_, i) => ({ origin: [5, i] as const }))],
      },
      {
        client: 5,
        clock: 0,
        structs: Array.from({ length: many / 2 }, (_, i) => ({ origin: [9, i] as const })),
      },
    ]),
  'a comb of deleted items': () =>
    craft([
      {
        client: 9,
        clock: 0,
        structs: [{ key }, ...Array.from({ length: many / 2 - 1 }, (_, i) => ({ origin: [9, i] as const }))],
      },
      {
        client: 5,
        clock: 0,
        structs: Array.from({ length: many / 2 }, (_, i) => ({ origin: [9, i] as const })),
      },
    ]),
  'blocks of one client again and again': () =>
    craft(
      Array.from({ length: many }, (_, i) => ({ client: 5, clock: 100_000 - 2 * i, structs: [{ key }] })),
    ).subarray(0, guardBounds.updateBytes),
  'ranges of deletions': () =>
    craft([], [[5, ...Array.from({ length: 250_000 }, (_, i) => [i, 1] as const)]]),
  'one entry, over and over': () => {
    const made = makeEntry(draw);
    return craft([
      { client: 5, clock: 0, structs: Array<Crafted>(1900).fill({ key: made.key, values: [made.entry] }) },
    ]);
  },
  'entries as large as may be': () => {
    const made = Array.from({ length: 8 }, () =>
      makeEntry(draw, { body: { text: '\u00e9'.repeat(60_000) } }),
    );
    return createWriter({ clientID: 5 }).encode(made.map(pair));
  },
  'values that are nothing but structure': () =>
    craft(
      Array.from({ length: 6 }, (_, i) => ({
        client: i,
        clock: 0,
        structs: [{ key, values: [Array(80_000).fill([])] }],
      })),
    ),
};

describe('the most work that an update can ask for', () => {
  it('GRD-19: is bounded by its bytes, whatever its shape', () => {
    for (const [name, make] of Object.entries(heavy)) {
      const update = make();
      const shown = openEmpty(draw);
      const start = performance.now();
      const judged = judgeUpdate(nodeCrypto, shown, update, home);
      const whole = performance.now() - start;
      const steps = judgeInSteps(nodeCrypto, shown, update, home);
      let slowest = 0;
      for (let done = false; !done; ) {
        const begin = performance.now();
        done = steps.next().done ?? false;
        slowest = Math.max(slowest, performance.now() - begin);
      }
      const verdict =
        judged.verdict === 'take'
          ? `${judged.entries.length} taken, ${judged.parked.length} parked`
          : `${judged.reason}: ${judged.message}`;
      console.info(
        `${name}: ${update.length} bytes, ${whole.toFixed(0)} ms, a step ${slowest.toFixed(0)} ms; ${verdict}`,
      );
      expect(update.length).toBeLessThanOrEqual(guardBounds.updateBytes);
      expect(judged.structs).toBeLessThanOrEqual(guardBounds.structs);
    }
  }, 60_000);
});

describe('the most work that a full parking can ask for', () => {
  it('GRD-19: is bounded by its parts, whatever they wait for', () => {
    const shapes: Record<string, (i: number) => Uint8Array> = {
      'each waits for the next': (i) =>
        craft([{ client: 5000 - i, clock: 0, structs: [{ origin: [4999 - i, 0] }] }]),
      'all wait for one key and bring it': (i) =>
        craft([
          {
            client: 1 + i,
            clock: 0,
            structs: [
              { key: made.key, length: 2 },
              { origin: [1 + i, 1] },
              { origin: [9999, 0], values: [made.entry] },
            ],
          },
        ]),
      'all cover each other': (i) =>
        craft([{ client: 5, clock: 2000 - i, structs: [{ key, length: 1024 }] }]),
      'all in reach of one item': (i) =>
        craft([{ client: 5, clock: 1 + 2 * i, structs: [{ origin: [5, 0] }] }]),
    };
    const made = makeEntry(draw);
    for (const [name, make] of Object.entries(shapes)) {
      const shown = openEmpty(draw);
      const parking = createParking();
      let slowest = 0;
      let released = 0;
      let gone = 0;
      for (let i = 0; i < parkingBounds.parts; i++) {
        const { parked } = take(shown, make(i));
        const start = performance.now();
        gone += parking.add(parked).length;
        const parts = parking.release(shown);
        slowest = Math.max(slowest, performance.now() - start);
        released += parts.length;
        for (const part of parts)
          gone += parking.add(take(shown, part, { ...home, bytes: parkingBounds.bytes }).parked).length;
      }
      console.info(
        `${name}: ${released} released, ${gone} let go, ${parking.parts} held, slowest ${slowest.toFixed(1)} ms`,
      );
      expect(parking.parts).toBeLessThanOrEqual(parkingBounds.parts);
      // Nothing of this can ever be taken; each new part is tried at most as often as the bound says.
      expect(released).toBeLessThanOrEqual(parkingBounds.attempts * parkingBounds.parts);
    }
  }, 60_000);
});
