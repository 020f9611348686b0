import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { createMender, createWriter, digestOf, type LogDocument } from '../../../src/log/index.ts';
import { stripped } from '../../../src/op/index.ts';
import { createParking, guardBounds, judgeInSteps, sliceUpdate } from '../../../src/sync/guard/index.ts';
import { hex } from '../../log/sample.ts';
import { craft } from './craft.ts';
import {
  applyTaken,
  type Draw,
  drawFrom,
  home,
  makeEntry,
  openEmpty,
  pair,
  receive,
  seedOf,
  slices,
} from './sample.ts';

/** A document with entries of several writers, many of them redacted, repaired and redacted again. */
function worn(draw: Draw, entries: number): LogDocument {
  const shown = openEmpty(draw);
  const made = Array.from({ length: entries }, () => makeEntry(draw));
  for (let at = 0; at < entries; at += 1 + draw.number(9))
    shown.apply(createWriter({ clientID: draw.client() }).encode(made.slice(at, at + 9).map(pair)));
  for (let round = 0; round < entries; round++) {
    const mender = createMender(shown, draw.client());
    for (let i = draw.number(3); i >= 0; i--) {
      const { key, entry, hash } = draw.pick(made);
      if (shown.has(key))
        shown.apply(mender.encode([[key, draw.chance(0.5) ? stripped(entry, hash) : entry]]));
    }
  }
  return shown;
}

const digest = (shown: LogDocument) => digestOf(nodeCrypto, shown.ops);

describe('slices', () => {
  it('GRD-17: are small, and each is taken whole when they are applied in order, also by a plain Yjs client', () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const draw = drawFrom(seed);
    for (let run = 0; run < 10; run++) {
      const source = worn(draw, 40);
      const shown = openEmpty(draw);
      const plain = new Y.Doc();
      const most = 700 + draw.number(4000);
      const parking = createParking();
      for (const part of slices(source.encode(), most)) {
        // One entry alone may be larger.
        if (part.length > most) expect(Y.decodeUpdate(part).structs).toHaveLength(1);
        receive(shown, parking, part);
        Y.applyUpdate(plain, part);
        expect(plain.store.pendingStructs).toBeNull();
      }
      expect(digest(shown)).toBe(digest(source));
      expect(parking.parts).toBe(0);
      expect(hex(Y.encodeStateAsUpdate(plain))).toBe(hex(source.encode()));
    }
  });

  it('GRD-16: in any order and twice they end in the same, with nothing left waiting', () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const draw = drawFrom(seed);
    let released = 0;
    for (let run = 0; run < 30; run++) {
      const source = worn(draw, 25);
      const shown = openEmpty(draw);
      const parking = createParking();
      const parts = [...slices(source.encode(), 400)];
      const twice = [...parts, ...parts.filter(() => draw.chance(0.2))];
      while (twice.length > 0)
        released += receive(shown, parking, twice.splice(draw.number(twice.length), 1)[0]!);
      expect(digest(shown)).toBe(digest(source));
      expect(parking.parts).toBe(0);
    }
    expect(released).toBeGreaterThan(50);
  });

  it('GRD-17: of less than the bound is the update itself; what is none is refused before any entry is read', () => {
    const draw = drawFrom(4);
    const update = createWriter({ clientID: 5 }).encode([pair(makeEntry(draw)), pair(makeEntry(draw))]);
    expect(slices(update)).toEqual([update]);
    expect(sliceUpdate(Uint8Array.from([...update, 0]), 100)).toMatchObject({ reason: 'malformed' });
    expect(sliceUpdate(craft([{ client: 5, clock: 0, structs: [{ info: 0 }] }]), 3)).toMatchObject({
      reason: 'struct',
    });
  });

  it('GRD-17: deletions come last, in as many updates as it takes', () => {
    const draw = drawFrom(5);
    const ranges = Array.from({ length: 3000 }, (_, i) => [3 * i, 2] as const);
    const update = craft(
      [{ client: 5, clock: 0, structs: [{ key: makeEntry(draw).key }] }],
      [
        [9, ...ranges],
        [4, [1, 1]],
      ],
    );
    const parts = slices(update, 1000);
    expect(parts.length).toBeGreaterThan(10);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(1000);
    expect(hex(Y.mergeUpdates([...parts]))).toBe(hex(Y.mergeUpdates([update, Uint8Array.of(0, 0)])));
  });

  it('GRD-19: a step of 1,000 operations is judged in steps of some entries each', () => {
    const draw = drawFrom(6);
    const source = createWriter({ clientID: 5 }).encode(
      Array.from({ length: 1000 }, () => pair(makeEntry(draw))),
    );
    expect(source.length).toBeLessThan(guardBounds.updateBytes);
    const shown = openEmpty(draw);
    const steps = judgeInSteps(nodeCrypto, shown, source, home);
    const times: number[] = [];
    for (;;) {
      const start = performance.now();
      const step = steps.next();
      times.push(performance.now() - start);
      if (!step.done) continue;
      const taken = step.value;
      if (taken.verdict === 'refuse') throw new Error(taken.message);
      applyTaken(shown, taken);
      break;
    }
    const sum = times.reduce((a, b) => a + b, 0);
    console.info(`${times.length} steps, ${sum.toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms`);
    expect(times.length).toBeGreaterThan(30);
    expect(shown.size).toBe(1000);
  });

  it('GRD-19: what changes while an update is judged in steps is seen in the last', () => {
    const draw = drawFrom(7);
    const writer = createWriter({ clientID: 5 });
    const group = writer.encode(Array.from({ length: 40 }, () => pair(makeEntry(draw))));
    const shown = openEmpty(draw);
    const steps = judgeInSteps(nodeCrypto, shown, group, home);
    expect(steps.next().done).toBe(false);
    shown.apply(group);
    expect(steps.next().value).toMatchObject({ verdict: 'take', update: undefined, held: 40 });
  });
});
