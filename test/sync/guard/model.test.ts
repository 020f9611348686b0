import { describe, expect, it } from 'vitest';
import { openLogDocument } from '../../../src/log/index.ts';
import { createParking } from '../../../src/sync/guard/index.ts';
import { hex } from '../../log/sample.ts';
import { type Crafted, type CraftedBlock, craft } from './craft.ts';
import {
  applyTaken,
  type Draw,
  drawFrom,
  type Made,
  makeEntry,
  openEmpty,
  receive,
  seedOf,
  slices,
  take,
} from './sample.ts';

/** Some key of a place, as the update itself or what came before says it. */
type Keys = Map<string, Made>;

function placeOf(name: string): readonly [client: number, clock: number] {
  const [client = 0, clock = 0] = name.split(' ').map(Number);
  return [client, clock];
}

/**
 * Structs as nobody honest writes them, of due form all the same: a few clients that rewrite a few keys, follow any
 * item of them, twice under one client, with runs of deleted items between.
 */
function scribble(draw: Draw, made: readonly Made[], next: Map<number, number>, keys: Keys): CraftedBlock[] {
  const blocks: CraftedBlock[] = [];
  for (let client = 1; client <= 4; client++) {
    const clock = next.get(client) ?? 0;
    const structs: Crafted[] = [];
    let at = clock;
    for (let i = draw.number(4); i > 0; i--) {
      const place = draw.chance(0.7) && keys.size > 0 ? draw.pick([...keys.keys()]) : undefined;
      const one = place === undefined ? draw.pick(made) : keys.get(place)!;
      const follows: Crafted = place === undefined ? { key: one.key } : { origin: placeOf(place) };
      const length = draw.chance(0.5) ? 1 + draw.number(3) : 0;
      structs.push(length > 0 ? { ...follows, length } : { ...follows, values: [one.entry] });
      for (let end = at + Math.max(1, length); at < end; at++) keys.set(`${client} ${at}`, one);
    }
    next.set(client, at);
    if (structs.length > 0) blocks.push({ client, clock, structs });
  }
  return blocks;
}

describe('what shows under a key', () => {
  it('GRD-13: is foretold as Yjs then has it; what is parked would have left a key dead', () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const draw = drawFrom(seed);
    let parkedRounds = 0;
    let whole = 0;
    for (let run = 0; run < 250; run++) {
      const made = Array.from({ length: 1 + draw.number(3) }, () =>
        makeEntry(draw, { data: {}, body: { text: 'x' } }),
      );
      const shown = openEmpty(draw);
      let next = new Map<number, number>();
      let keys: Keys = new Map();
      for (let round = 0; round < 8; round++) {
        const update = craft(scribble(draw, made, next, keys));
        const copy = openLogDocument({ clientID: draw.client(), state: [shown.encode(), update] });
        expect(copy.doc.store.pendingStructs).toBeNull();
        const dead = made.filter(({ key }) => copy.item(key) && !copy.isLive(key)).map(({ key }) => key);

        const taken = take(shown, update);
        applyTaken(shown, taken);
        const waits = taken.parked.flatMap((part) => part.waits);
        const awaited = waits.flatMap((wait) => (wait.for === 'key' ? wait.key : []));
        // What waits for no key waits for such a part.
        expect(awaited.length > 0).toBe(taken.parked.length > 0);
        // The part that is parked first would have left its key dead; when none is, none is.
        if (dead.length > 0) expect(awaited.some((key) => dead.includes(key))).toBe(true);
        expect(awaited.length > 0).toBe(dead.length > 0);
        if (taken.parked.length === 0) {
          whole++;
          expect(hex(shown.encode())).toBe(hex(copy.encode()));
          continue;
        }
        parkedRounds++;
        // From here on only what is there can be followed.
        next = new Map([1, 2, 3, 4].map((client) => [client, shown.clockOf(client)]));
        keys = new Map(
          [...keys].filter(([place]) => {
            const [client, clock] = placeOf(place);
            return clock < (next.get(client) ?? 0);
          }),
        );
      }
      // What one guard took, another takes: as a whole state, and by slices in any order.
      for (const most of [undefined, 100]) {
        const joiner = openEmpty(draw);
        const parking = createParking();
        const parts = [...slices(shown.encode(), most)];
        while (parts.length > 0) receive(joiner, parking, parts.splice(draw.number(parts.length), 1)[0]!);
        expect(parking.parts).toBe(0);
        expect(hex(joiner.encode())).toBe(hex(shown.encode()));
      }
    }
    console.info(`${whole} updates taken whole, ${parkedRounds} in part`);
    expect(whole).toBeGreaterThan(500);
    expect(parkedRounds).toBeGreaterThan(500);
  }, 60_000);
});
