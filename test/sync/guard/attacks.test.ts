import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { createMender, createWriter, digestOf } from '../../../src/log/index.ts';
import { stripped } from '../../../src/op/index.ts';
import { createParking, judgeUpdate, parkingBounds } from '../../../src/sync/guard/index.ts';
import { craft } from './craft.ts';
import {
  applyTaken,
  drawFrom,
  foreign,
  home,
  makeEntry,
  openEmpty,
  pair,
  refusal,
  take,
  updatesOf,
} from './sample.ts';

const draw = drawFrom(2);
const victim = 0x7000_0000;

describe('attacks on a log document', () => {
  it('GRD-4: clock squatting with a collected struct (9 bytes) is refused', () => {
    const squat = craft([{ client: victim, clock: 0, structs: [{ info: 0, length: 1 }] }]);
    expect(squat.length).toBe(11);
    const shown = openEmpty(draw);
    expect(refusal(shown, squat).reason).toBe('struct');
    expect(refusal(shown, craft([{ client: 99, clock: 0, structs: [{ info: 0 }] }])).reason).toBe('struct');
    applyTaken(shown, take(shown, createWriter({ clientID: victim }).encode([pair(makeEntry(draw))])));
    expect(shown.size).toBe(1);
  });

  it('GRD-13: clock squatting with deleted items is parked, and the owner of the clocks goes on', () => {
    const shown = openEmpty(draw);
    const squat = craft([
      { client: victim, clock: 0, structs: [{ key: makeEntry(draw).key, length: 1024 }] },
    ]);
    const taken = take(shown, squat);
    expect(taken.update).toBeUndefined();
    expect(taken.parked).toHaveLength(1);
    const owner = createWriter({ clientID: victim });
    for (let i = 1; i <= 3; i++) {
      applyTaken(shown, take(shown, owner.encode([pair(makeEntry(draw))])));
      expect(shown.size).toBe(i);
    }
  });

  it('GRD-11: a deletion of what another will write (10 bytes) does nothing, now and later', () => {
    const shown = openEmpty(draw);
    const future = craft([], [[victim, [0, 100]]]);
    expect(future.length).toBe(10);
    const taken = take(shown, future);
    expect(taken).toMatchObject({ update: undefined, parked: [] });
    applyTaken(shown, take(shown, createWriter({ clientID: victim }).encode([pair(makeEntry(draw))])));
    expect(shown.size).toBe(1);
  });

  it('GRD-11: a deletion of a live entry is not taken, by range or by Y.Map.delete', () => {
    const made = makeEntry(draw);
    const first = createWriter({ clientID: victim }).encode([pair(made)]);
    const shown = openEmpty(draw, first);
    expect(take(shown, craft([], [[victim, [0, 1]]])).update).toBeUndefined();
    const doc = foreign(5, first);
    doc.getMap('ops').delete(made.key);
    const whole = Y.encodeStateAsUpdate(doc);
    applyTaken(shown, take(shown, whole));
    // To someone who lacks the entry it comes as a deleted item alone.
    const joiner = openEmpty(draw);
    expect(take(joiner, whole)).toMatchObject({
      update: undefined,
      parked: [{ waits: [{ key: made.key }] }],
    });
  });

  it('GRD-13: a deleted item after a live entry waits for an entry that replaces it', () => {
    const made = makeEntry(draw);
    const first = createWriter({ clientID: victim }).encode([pair(made)]);
    const shown = openEmpty(draw, first);
    const kill = craft([{ client: 5, clock: 0, structs: [{ origin: [victim, 0] }] }]);
    const over = craft([{ client: victim + 1, clock: 0, structs: [{ key: made.key, length: 3 }] }]);
    for (const update of [kill, over]) {
      const taken = take(shown, update);
      expect(taken).toMatchObject({
        update: undefined,
        parked: [{ waits: [{ for: 'key', key: made.key }] }],
      });
    }
    const under = craft([{ client: victim - 1, clock: 0, structs: [{ key: made.key, length: 3 }] }]);
    applyTaken(shown, take(shown, under));
    expect(shown.get(made.key)).toEqual(made.entry);
  });

  it("GRD-14: another's clientID with its next clock: what was hidden is told as evidence and found by digest", () => {
    const [a, b, c, squatter] = [makeEntry(draw), makeEntry(draw), makeEntry(draw), makeEntry(draw)];
    const owner = createWriter({ clientID: victim });
    const first = owner.encode([pair(a)]);
    const second = owner.encode([pair(b)]);
    const third = owner.encode([pair(c)]);
    const honest = openEmpty(draw, first, second, third);
    const shown = openEmpty(draw, first);

    const fake = craft([
      { client: victim, clock: 1, structs: [{ key: squatter.key, values: [squatter.entry] }] },
    ]);
    const taken = take(shown, fake);
    expect(taken.clients).toEqual([victim]);
    applyTaken(shown, taken);

    const judged = take(shown, honest.encode());
    expect(judged.split).toEqual([{ client: victim, clock: 1, here: squatter.key, there: b.key }]);
    expect(judged.parked).toEqual([]);
    applyTaken(shown, judged);
    expect(shown.stateVector()).toEqual(honest.stateVector());
    expect(digestOf(nodeCrypto, shown.ops)).not.toBe(digestOf(nodeCrypto, honest.ops));
    // What came after it under the same client is here.
    expect([...shown.keys()].sort()).toEqual([a.key, c.key, squatter.key].sort());
  });

  it('GRD-14: a deleted run that is here in part under another key is told, and nothing of it is placed', () => {
    const [a, b, c] = [makeEntry(draw), makeEntry(draw), makeEntry(draw)];
    const live = createWriter({ clientID: 9 }).encode([pair(a), pair(b), pair(c)]);
    const shown = openEmpty(draw, live, createWriter({ clientID: 5 }).encode([pair(a)]));
    const run = craft([
      {
        client: 5,
        clock: 0,
        structs: [
          { key: b.key, length: 3 },
          { key: c.key, values: [c.entry] },
        ],
      },
    ]);
    const taken = take(shown, run);
    expect(taken).toMatchObject({ update: undefined, parked: [], held: 1 });
    expect(taken.split).toEqual([{ client: 5, clock: 0, here: a.key, there: b.key }]);
    // The same run under its own key goes on where it is cut.
    const own = craft([
      {
        client: 5,
        clock: 0,
        structs: [
          { key: a.key, length: 3 },
          { key: c.key, values: [c.entry] },
        ],
      },
    ]);
    expect(take(shown, own)).toMatchObject({ split: [], parked: [], held: 1, entries: [{ key: c.key }] });
  });

  it('GRD-3: an update with a bad tail is refused whole', () => {
    const update = createWriter({ clientID: 5 }).encode([pair(makeEntry(draw)), pair(makeEntry(draw))]);
    for (const tail of [[1], [1, 5], [1, 5, 1, 0], [0], [255]]) {
      const shown = openEmpty(draw);
      // Without the empty delete set that ends it.
      const bad = Uint8Array.from([...update.subarray(0, -1), ...(tail[0] === 0 ? [0, 0] : tail)]);
      expect(refusal(shown, bad).reason).toBe('malformed');
      expect(shown.size).toBe(0);
    }
  });

  it('GRD-2: a huge number of structs in ten bytes costs nothing', () => {
    const update = craft([{ client: 1, clock: 0, structs: [], count: 2 ** 31 }]);
    expect(update.length).toBe(9);
    expect(refusal(openEmpty(draw), update)).toMatchObject({ reason: 'malformed', structs: 0 });
  });

  it('GRD-15: a flood with gaps (36 KB) fills the parking and never Yjs', () => {
    const shown = openEmpty(draw);
    const parking = createParking({ bytes: parkingBounds.bytes, parts: 100 });
    const tiny = makeEntry(draw).key;
    let gone = 0;
    let steps = 0;
    for (let i = 0; i < 900; i++) {
      const update = craft([{ client: 1 + (i % 300), clock: 5 + 2 * i, structs: [{ key: tiny }] }]);
      const taken = take(shown, update);
      expect(taken.update).toBeUndefined();
      gone += parking.add(taken.parked).length;
      steps += parking.release(shown).length;
      expect(parking.parts).toBeLessThanOrEqual(100);
    }
    expect(gone).toBe(800);
    expect(steps).toBe(0);
    expect(shown.doc.store.pendingStructs).toBeNull();
  });

  it('GRD-3: payloads of format v2 are refused, those of empty documents too', () => {
    const shown = openEmpty(draw);
    const doc = new Y.Doc();
    expect(refusal(shown, Y.encodeStateAsUpdateV2(doc)).reason).toBe('malformed');
    for (let i = 0; i < 20; i++) {
      const made = makeEntry(draw);
      doc.getMap('ops').set(made.key, made.entry);
      expect(refusal(shown, Y.encodeStateAsUpdateV2(doc)).reason).toBe('malformed');
    }
  });

  it('GRD-18: a body stripped without a redaction is of due form: it is taken and told, not judged', () => {
    const made = makeEntry(draw);
    const shown = openEmpty(draw, createWriter({ clientID: 5 }).encode([pair(made)]));
    const { header, sig } = made.entry;
    for (const bare of [{ header, sig }, stripped(made.entry, makeEntry(draw).hash)]) {
      const update = createMender(shown, draw.client()).encode([[made.key, bare]]);
      const taken = take(shown, update);
      expect(taken.entries).toMatchObject([{ key: made.key, hash: made.hash, entry: bare }]);
      applyTaken(shown, taken);
      expect(shown.get(made.key)).toEqual(bare);
    }
    // Whoever holds the text puts it back.
    applyTaken(shown, take(shown, createMender(shown, draw.client()).encode([pair(made)])));
    expect(shown.get(made.key)).toEqual(made.entry);
  });

  it('GRD-8: a valid entry under a struct that resolves to another key is never taken', () => {
    const [a, b, c] = [makeEntry(draw), makeEntry(draw), makeEntry(draw)];
    const shown = openEmpty(draw, createWriter({ clientID: victim }).encode([pair(a)]));
    const direct = craft([{ client: 5, clock: 0, structs: [{ key: a.key, values: [b.entry] }] }]);
    expect(refusal(shown, direct).reason).toBe('key');
    // The update itself says of which key it is.
    const within = craft([
      {
        client: 5,
        clock: 0,
        structs: [
          { key: b.key, values: [b.entry] },
          { origin: [5, 0] },
          { origin: [5, 1], values: [c.entry] },
        ],
      },
    ]);
    expect(refusal(shown, within).reason).toBe('key');
    // The document here says so: it may be this one that is broken.
    const through = craft([
      {
        client: 5,
        clock: 0,
        structs: [
          { origin: [victim, 0], values: [b.entry] },
          { key: c.key, values: [c.entry] },
        ],
      },
    ]);
    const taken = take(shown, through);
    expect(taken).toMatchObject({ update: undefined, entries: [], parked: [] });
    expect(taken.split).toEqual([{ client: 5, clock: 0, here: a.key, there: b.key }]);
  });

  it('GRD-9: operations replayed in another log or workspace are refused', () => {
    const update = createWriter({ clientID: 5 }).encode([pair(makeEntry(draw))]);
    const shown = openEmpty(draw);
    const judged = (options: typeof home) => judgeUpdate(nodeCrypto, shown, update, options);
    expect(judged({ ...home, log: 'tasks' })).toMatchObject({ verdict: 'refuse', reason: 'log' });
    const workspace = makeEntry(draw).hash;
    expect(judged({ ...home, workspace })).toMatchObject({ verdict: 'refuse', reason: 'workspace' });
    expect(judged(home).verdict).toBe('take');
  });

  it('GRD-11: what is passed on holds nothing that was not looked at', () => {
    const made = makeEntry(draw);
    // An object with the same field twice, and a number in more bytes than it needs.
    const canary = 'yellow-bird-7361';
    const sound = craft([{ client: 5, clock: 0, structs: [{ key: made.key, values: [made.entry] }] }]);
    const at = Buffer.from(sound).indexOf(Buffer.from([4, ...Buffer.from('body'), 118, 2]));
    const field = Buffer.from([4, ...Buffer.from('salt'), 119, canary.length, ...Buffer.from(canary)]);
    const bad = Buffer.concat([sound.subarray(0, at + 6), Buffer.from([3]), field, sound.subarray(at + 7)]);
    const shown = openEmpty(draw);
    const taken = take(shown, bad);
    expect(taken.entries[0]?.entry).toEqual(made.entry);
    expect(Buffer.from(bad).includes(canary)).toBe(true);
    expect(Buffer.from(taken.update ?? []).includes(canary)).toBe(false);
    expect(Buffer.from(taken.update ?? []).equals(sound)).toBe(true);
  });
});

describe('what one guard took', () => {
  const run = (length: number, clock = 0, client = 5): Uint8Array => {
    const origin = clock > 0 ? { origin: [client, clock - 1] as const } : { key: target.key };
    return craft([{ client, clock, structs: [{ ...origin, length }] }]);
  };
  const target = makeEntry(draw);
  const first = createWriter({ clientID: victim }).encode([pair(target)]);

  it('GRD-4: never becomes, in Yjs, a longer run of deleted items than another takes', () => {
    const shown = openEmpty(draw, first);
    applyTaken(shown, take(shown, run(1000)));
    applyTaken(shown, take(shown, run(24, 1000)));
    expect(refusal(shown, run(1, 1024)).reason).toBe('struct');
    const joiner = openEmpty(draw);
    expect(take(joiner, shown.encode()).parked).toEqual([]);
    // In one update, and live ones, which become deleted once they are replaced.
    const both = craft([
      {
        client: 6,
        clock: 0,
        structs: [
          { key: target.key, length: 1024 },
          { origin: [6, 1023], values: [target.entry] },
        ],
      },
    ]);
    expect(refusal(shown, both).reason).toBe('struct');
    const doc = foreign(7, first);
    const sets = Array.from({ length: 1025 }, () =>
      updatesOf(doc, () => doc.getMap('ops').set(target.key, target.entry)),
    ).flat();
    for (const set of sets.slice(0, 1024)) applyTaken(shown, take(shown, set));
    // The first of them follows the victim's.
    expect(refusal(shown, sets[1024]!).reason).toBe('struct');
    expect(take(openEmpty(draw), shown.encode()).parked).toEqual([]);
  });
});
