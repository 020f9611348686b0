import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { createMender, createWriter, type LogDocument } from '../../../src/log/index.ts';
import { readEntry, stripped } from '../../../src/op/index.ts';
import {
  createParking,
  type Judgement,
  judgeUpdate,
  type Parking,
  sliceUpdate,
} from '../../../src/sync/guard/index.ts';
import { applyTaken, type Draw, drawFrom, home, makeEntry, openEmpty, pair, seedOf } from './sample.ts';

const frames = 100_000;

/** A document, and honest updates that it has got, or could get next. */
function world(draw: Draw): { shown: LogDocument; pool: Uint8Array[] } {
  const made = Array.from({ length: 6 }, () => makeEntry(draw, { body: { text: 'short' }, data: {} }));
  // Small clientIDs, so that a changed bit is likely to hit another of them.
  const writers = [1, 2, 3].map((clientID) => createWriter({ clientID }));
  const pool = made.map((one) => draw.pick(writers).encode([pair(one)]));
  const shown = openEmpty(draw, ...pool.slice(0, 4));
  const mender = createMender(shown, 4);
  const known = made.filter(({ key }) => shown.has(key));
  for (const { key, entry, hash } of known) pool.push(mender.encode([[key, stripped(entry, hash)]]));
  shown.apply(pool[6]!);
  pool.push(shown.encode(), Y.mergeUpdates(pool), Y.mergeUpdates([pool[4]!, pool[7]!]));
  return { shown, pool };
}

function mutated(draw: Draw, update: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(update);
  // Often near the front, where the structure is.
  const reach = draw.chance(0.5) ? Math.min(60, bytes.length) : bytes.length;
  for (let i = draw.number(3); i >= 0; i--) {
    const at = draw.number(reach);
    bytes[at] = draw.chance(0.7) ? bytes[at]! ^ (1 << draw.number(8)) : draw.number(256);
  }
  if (draw.chance(0.1)) return bytes.subarray(0, draw.number(bytes.length));
  if (draw.chance(0.05)) return Uint8Array.from([...bytes, ...draw.bytes(3)]);
  return bytes;
}

/** Bytes that begin like an update now and then. */
function random(draw: Draw): Uint8Array {
  const bytes = draw.bytes(draw.number(draw.chance(0.1) ? 400 : 40));
  if (draw.chance(0.7)) for (let i = 0; i < 4 && i < bytes.length; i++) bytes[i] = draw.number(4);
  return bytes;
}

/** How many structs Yjs reads; undefined where it can't. */
function readByYjs(update: Uint8Array): { structs: number } | undefined {
  try {
    return { structs: Y.decodeUpdate(update).structs.length };
  } catch {
    return undefined;
  }
}

/** The longest that judging took, ms: printed, as it depends on what else runs. */
let slowest = 0;

/** Judges, and does with the verdict what a replica would, looking at everything that must hold. */
function meet(shown: LogDocument, parking: Parking, update: Uint8Array): Judgement {
  const start = performance.now();
  const judged = judgeUpdate(nodeCrypto, shown, update, home);
  let took = performance.now() - start;
  if (took > 20) {
    // Something else ran, or this is a stall: then it is one again.
    const again = performance.now();
    judgeUpdate(nodeCrypto, shown, update, home);
    took = Math.min(took, performance.now() - again);
  }
  slowest = Math.max(slowest, took);
  if (judged.verdict === 'refuse') return judged;
  const byYjs = readByYjs(update);
  // Values of what is here already are not read.
  if (byYjs ? byYjs.structs !== judged.structs : judged.held === 0)
    throw new Error(`${judged.structs} structs, of which Yjs reads ${byYjs?.structs}`);
  applyTaken(shown, judged);
  for (const { key } of judged.entries)
    if (!readEntry(nodeCrypto, shown.get(key), key).ok) throw new Error(`a false entry under ${key}`);
  parking.add(judged.parked);
  for (const released of parking.release(shown)) {
    const again = judgeUpdate(nodeCrypto, shown, released, home);
    if (again.verdict === 'take') applyTaken(shown, again);
  }
  return judged;
}

describe('hostile bytes', () => {
  it('GRD-19: 100,000 frames of random and changed bytes: no error, nothing broken, bounded work', () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const draw = drawFrom(seed);
    const counts = new Map<string, number>();
    let most = 0;
    let { shown, pool } = world(draw);
    const parking = createParking();
    for (let i = 0; i < frames; i++) {
      if (i % 200 === 0) {
        ({ shown, pool } = world(draw));
        parking.clear();
      }
      const update = draw.chance(0.3) ? random(draw) : mutated(draw, draw.pick(pool));
      const judged = meet(shown, parking, update);
      most = Math.max(most, judged.structs);
      const name = judged.verdict === 'take' ? (judged.update ? 'taken' : 'nothing') : judged.reason;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (i % 10 === 0) sliceUpdate(update, 100);
    }
    console.info(`${JSON.stringify([...counts])}; at most ${most} structs, slowest ${slowest.toFixed(1)} ms`);
    expect(most).toBeLessThanOrEqual(1000);
    for (const reason of ['taken', 'nothing', 'malformed', 'struct', 'place', 'deletion', 'entry', 'key'])
      expect(counts.get(reason), reason).toBeGreaterThan(20);
  }, 240_000);
});
