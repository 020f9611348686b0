import { describe, expect, it } from 'vitest';
import { createMender, createWriter } from '../../../src/log/index.ts';
import { stripped } from '../../../src/op/index.ts';
import { createParking, parkingBounds } from '../../../src/sync/guard/index.ts';
import { craft } from './craft.ts';
import { applyTaken, drawFrom, makeEntry, openEmpty, pair, receive, take } from './sample.ts';

const draw = drawFrom(3);

describe('what waits', () => {
  it('GRD-12: a gap waits for the clock before it, and is released when that is here', () => {
    const writer = createWriter({ clientID: 5 });
    const updates = Array.from({ length: 4 }, () => writer.encode([pair(makeEntry(draw))]));
    const shown = openEmpty(draw);
    const [first, second, third, fourth] = updates as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const taken = take(shown, third);
    expect(taken.parked).toMatchObject([
      { client: 5, clock: 2, end: 3, waits: [{ for: 'item', client: 5, clock: 1 }] },
    ]);

    const parking = createParking();
    for (const update of [third, fourth, second]) expect(receive(shown, parking, update)).toBe(0);
    expect(parking.parts).toBe(3);
    expect(receive(shown, parking, first)).toBe(1);
    expect([shown.size, parking.parts, parking.bytes]).toEqual([4, 0, 0]);
  });

  it('GRD-12: an item waits for what it follows', () => {
    const made = makeEntry(draw);
    const first = createWriter({ clientID: 5 }).encode([pair(made)]);
    const redaction = createMender(openEmpty(draw, first), 9).encode([
      [made.key, stripped(made.entry, made.hash)],
    ]);
    const shown = openEmpty(draw);
    expect(take(shown, redaction).parked).toMatchObject([
      { client: 9, clock: 0, keys: [made.key], waits: [{ for: 'item', client: 5, clock: 0 }] },
    ]);
    const parking = createParking();
    receive(shown, parking, redaction);
    receive(shown, parking, first);
    expect(shown.get(made.key)?.redacted).toBe(made.hash);
  });

  it('GRD-16: a deleted item and the entry that follows it wait for each other and are released as one', () => {
    const made = makeEntry(draw);
    // A redaction as others see it once it was replaced, and what replaced it, in updates of their own.
    const deleted = craft([
      { client: 9, clock: 0, structs: [{ key: made.key }, { key: makeEntry(draw).key }] },
    ]);
    const replaced = craft([
      { client: 3, clock: 0, structs: [{ origin: [9, 0], values: [stripped(made.entry, made.hash)] }] },
    ]);
    for (const order of [
      [deleted, replaced],
      [replaced, deleted],
    ]) {
      const shown = openEmpty(draw);
      const parking = createParking();
      const [first, second] = order as [Uint8Array, Uint8Array];
      expect(receive(shown, parking, first)).toBe(0);
      expect(shown.clockOf(9)).toBe(0);
      expect(receive(shown, parking, second)).toBe(1);
      expect(shown.get(made.key)?.redacted).toBe(made.hash);
      // The item behind it has a key that nobody has an entry of; it waits alone.
      expect(parking.parts).toBe(1);
    }
  });

  it('GRD-15: is bounded in bytes and in parts; what is let go is told, the oldest first', () => {
    const parking = createParking({ bytes: 3000, parts: 3 });
    const shown = openEmpty(draw);
    const gapped = (client: number) =>
      take(shown, craft([{ client, clock: 1, structs: [{ key: makeEntry(draw).key }] }]));
    const gone = [1, 2, 3, 4, 5].flatMap((client) => [...parking.add(gapped(client).parked)]);
    expect(gone.map(({ client }) => client)).toEqual([1, 2]);
    const writer = createWriter({ clientID: 77 });
    writer.encode([pair(makeEntry(draw))]);
    const large = writer.encode(Array.from({ length: 8 }, () => pair(makeEntry(draw))));
    const { parked } = take(shown, large);
    expect(parking.add(parked).map(({ client }) => client)).toEqual([3, 4, 5, 77]);
    expect([parking.parts, parking.bytes]).toEqual([0, 0]);
  });

  it('GRD-15: the same part twice is held once, and one that brings more replaces it', () => {
    const writer = createWriter({ clientID: 5 });
    const first = writer.encode([pair(makeEntry(draw))]);
    const more = writer.encode([pair(makeEntry(draw)), pair(makeEntry(draw))]);
    const shown = openEmpty(draw);
    const parking = createParking();
    const [part] = take(shown, more).parked;
    parking.add([part!, part!]);
    expect([parking.parts, parking.bytes]).toEqual([1, part!.bytes]);
    parking.clear();
    expect([parking.parts, parking.bytes, parking.release(shown).length]).toEqual([0, 0, 0]);
    parking.add([part!]);
    expect(receive(shown, parking, first)).toBe(1);
    expect(shown.size).toBe(3);
  });

  it('GRD-15: parts that are released again and again and never taken are let go', () => {
    const made = makeEntry(draw);
    const shown = openEmpty(draw, createWriter({ clientID: 5 }).encode([pair(made)]));
    const parking = createParking();
    // The last of its key by far, and deleted: whatever comes under the key, this can't be taken.
    const stuck = take(
      shown,
      craft([{ client: 0xffff_ffff, clock: 0, structs: [{ key: made.key }] }]),
    ).parked;
    let gone = parking.add(stuck).length;
    let released = 0;
    for (let i = 0; i < 40; i++) {
      applyTaken(shown, take(shown, createMender(shown, draw.client()).encode([pair(made)])));
      for (const part of parking.release(shown)) {
        released++;
        gone += parking.add(take(shown, part).parked).length;
      }
    }
    expect([released, gone, parking.parts]).toEqual([parkingBounds.attempts, 1, 0]);
  });

  it('GRD-14: a part whose place was filled by another is judged again, and told as evidence', () => {
    const [a, b] = [makeEntry(draw), makeEntry(draw)];
    const shown = openEmpty(draw);
    const parking = createParking();
    parking.add(take(shown, craft([{ client: 5, clock: 0, structs: [{ key: a.key }] }])).parked);
    applyTaken(shown, take(shown, createWriter({ clientID: 5 }).encode([pair(b)])));
    const [part] = parking.release(shown);
    expect(take(shown, part!)).toMatchObject({
      update: undefined,
      parked: [],
      split: [{ client: 5, clock: 0, here: b.key, there: a.key }],
    });
    expect(parking.parts).toBe(0);
  });
});
