import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { limits } from '../../../schemas/index.ts';
import { createWriter } from '../../../src/log/index.ts';
import { guardBounds, type RefusalReason } from '../../../src/sync/guard/index.ts';
import { type Crafted, craft, one, varuint } from './craft.ts';
import {
  applyTaken,
  drawFrom,
  home,
  makeEntry,
  openEmpty,
  pair,
  refusal,
  take,
  updatesOf,
} from './sample.ts';

const draw = drawFrom(1);
const sound = makeEntry(draw);
const { key, entry } = sound;
const empty = openEmpty(draw);
const other = makeEntry(draw).key;
const whole = createWriter({ clientID: 9 }).encode([pair(sound)]);

const bytes = (...units: number[]): Uint8Array => Uint8Array.from(units);
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
const ofYjs = (act: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc();
  return updatesOf(doc, () => act(doc))[0]!;
};
const withHeader = (change: object): Crafted => ({
  key,
  values: [{ ...entry, header: { ...entry.header, ...change } }],
});

/** What an announcement of 2^31 of something costs. */
const huge = varuint(2 ** 31);

const refuses = (list: readonly (readonly [reason: RefusalReason, update: Uint8Array])[]): void => {
  for (const [i, [reason, update]] of list.entries()) {
    const refused = refusal(empty, update);
    expect(refused.reason, `case ${i}: ${refused.message}`).toBe(reason);
    expect(refused.structs).toBeLessThanOrEqual(guardBounds.structs);
  }
};

describe('an update is refused where it breaks a rule', () => {
  it('GRD-2: bounds size, structs and values', () =>
    refuses([
      ['too_large', new Uint8Array(guardBounds.updateBytes + 1)],
      ['too_large', craft([{ client: 7, clock: 0, structs: Array(guardBounds.structs + 1).fill({ key }) }])],
      ['too_large', one({ key, values: ['x'.repeat(guardBounds.valueBytes)] })],
    ]));

  it('GRD-2: what is only announced costs nothing', () =>
    refuses([
      ['malformed', bytes(...huge, 0)],
      ['malformed', bytes(1, ...huge, 1, 0, 1)],
      ['malformed', bytes(0, ...huge, 1, 1, 1)],
      ['malformed', bytes(0, 1, 1, ...huge, 1, 1)],
      ['struct', one({ key, values: [], length: 2 ** 31 })],
      ['malformed', one({ key, raw: bytes(1, 117, ...huge) })],
      ['malformed', one({ key, raw: bytes(1, 118, ...huge) })],
      ['malformed', one({ key, raw: bytes(1, 119, ...huge) })],
      ['malformed', one({ key, raw: bytes(1, 116, ...huge) })],
    ]));

  it('GRD-3: is format v1 from the first byte to the last', () =>
    refuses([
      ['malformed', bytes()],
      ['malformed', bytes(0)],
      ['malformed', bytes(0, 0, 0)],
      ['malformed', Uint8Array.from([...whole, 0])],
      ['malformed', whole.subarray(0, -1)],
      ['malformed', one({ key, raw: bytes(1, 99) })],
      ['malformed', one({ key, raw: bytes(1, 119, 2, 0xc3, 0x28) })],
      ['malformed', bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0)],
    ]));

  it('GRD-4: holds items of one JSON value, or deleted ones, and nothing else', () =>
    refuses([
      ['struct', ofYjs((doc) => doc.getText('ops').insert(0, 'text'))],
      ['struct', ofYjs((doc) => doc.getMap('ops').set(key, new Y.Map()))],
      ['struct', ofYjs((doc) => doc.getMap('ops').set(key, new Uint8Array(3)))],
      ['struct', ofYjs((doc) => doc.getMap('ops').set(key, new Y.Doc()))],
      ['struct', one({ info: 0x22, key, raw: bytes(1, 1, 49) })],
      ['struct', one({ info: 0x1f, key })],
      ['struct', one({ key, values: [entry], rightOrigin: [1, 0] })],
      ['struct', one({ key, values: [entry, entry] })],
      ['struct', one({ key, values: [] })],
      ['struct', one({ key, length: 0 })],
      ['struct', one({ key, length: guardBounds.runLength + 1 })],
    ]));

  it('GRD-4: stands in the root map ops, under a hash', () =>
    refuses([
      ['place', ofYjs((doc) => doc.getMap('other').set(key, entry))],
      ['place', ofYjs((doc) => doc.getMap('opt').set(key, entry))],
      ['place', ofYjs((doc) => doc.getArray('ops').insert(0, [entry]))],
      ['place', one({ parentInfo: 0, key, values: [entry] })],
      ['place', one({ parentInfo: 2, key, values: [entry] })],
      ['place', one({ key: 'general', values: [entry] })],
      ['place', one({ key: key.toUpperCase(), values: [entry] })],
      ['place', one({ key: `${key.slice(0, 25)}b`, values: [entry] })],
    ]));

  it('GRD-5: clocks neither overlap nor run in circles', () =>
    refuses([
      ['clock', one({ key }, 7, guardBounds.clock)],
      ['clock', one({ origin: [7, 0], values: [entry] })],
      ['clock', one({ origin: [7, 4], values: [entry] }, 7, 3)],
      [
        'clock',
        craft([
          { client: 7, clock: 0, structs: [{ key }, { key }] },
          { client: 7, clock: 1, structs: [{ key }] },
        ]),
      ],
      [
        'clock',
        craft([
          { client: 7, clock: 0, structs: [{ origin: [5, 0], values: [entry] }] },
          { client: 5, clock: 0, structs: [{ origin: [7, 0], values: [entry] }] },
        ]),
      ],
      [
        'clock',
        craft([
          { client: 7, clock: 3, structs: [{ origin: [5, 9], values: [entry] }] },
          { client: 5, clock: 9, structs: [{ origin: [7, 3], values: [entry] }] },
        ]),
      ],
    ]));

  it('GRD-6: deletions have a length and an end', () =>
    refuses([
      ['deletion', craft([], [[7, [0, 0]]])],
      ['deletion', craft([], [[7, [0, 2 ** 40]]])],
      ['deletion', craft([], [[7, [2 ** 31, 1]]])],
    ]));

  it('GRD-7: a value is an entry of strict JSON within its limits', () =>
    refuses([
      ['entry', one({ key, values: [1] })],
      ['entry', one({ key, values: [null] })],
      ['entry', one({ key, values: [[entry]] })],
      ['entry', one({ key, values: [{ ...entry, more: 1 }] })],
      ['entry', one({ key, values: [{ ...entry, body: undefined }] })],
      ['entry', one({ key, values: [{ ...entry, body: { ...entry.body, text: 'another' } }] })],
      ['entry', one({ key, values: [{ ...entry, redacted: key }] })],
      ['entry', one({ key, values: [{ ...entry, sig: 'x' }] })],
      ['entry', one(withHeader({ data: { n: Number.NaN } }))],
      ['entry', one(withHeader({ data: { n: new Uint8Array(3) } }))],
      ['entry', one(withHeader({ data: { n: 3n } }))],
      ['entry', one(withHeader({ data: { n: undefined } }))],
      ['entry', one(withHeader({ data: { n: deep(33) } }))],
      ['entry', one(withHeader({ data: { n: deep(60) } }))],
      ['entry', one(withHeader({ data: { n: 'x'.repeat(limits.headerBytes) } }))],
      ['entry', one(withHeader({ seq: 0 }))],
      ['entry', one({ key, raw: bytes(1, 118, 1, 9, ...Buffer.from('__proto__'), 118, 0) })],
      ['entry', one({ key, raw: bytes(1, 125, 0x40) })],
    ]));

  it('GRD-8: an entry stands under its own key', () =>
    refuses([
      ['key', one({ key: other, values: [entry] })],
      ['key', one(withHeader({ seq: 2 }))],
      ['key', one({ key, values: [{ ...entry, sig: `${'A'.repeat(85)}A` }] })],
    ]));

  it('GRD-7: and takes a sound entry', () => {
    const taken = take(empty, whole);
    expect(taken.entries.map((one) => one.key)).toEqual([key]);
    expect(taken.entries[0]?.entry).toEqual(entry);
  });
});

describe('an entry of elsewhere', () => {
  it('GRD-9: is refused in another log and another workspace; a genesis is its own workspace', () => {
    expect(refusal(empty, whole, { ...home, log: 'tasks' }).reason).toBe('log');
    expect(refusal(empty, whole, { ...home, workspace: other }).reason).toBe('workspace');
    expect(take(empty, whole, { log: 'memory' }).entries).toHaveLength(1);
    const genesis = makeEntry(draw, { workspace: '' });
    const update = createWriter({ clientID: 3 }).encode([pair(genesis)]);
    expect(refusal(empty, update).reason).toBe('workspace');
    expect(take(empty, update, { ...home, workspace: genesis.hash }).entries).toHaveLength(1);
  });
});

describe('what a later version may send', () => {
  it('GRD-10: is taken: unknown types and fields, newer versions, a body where none was known', () => {
    const shown = openEmpty(draw);
    const made = [
      makeEntry(draw, { type: 'memory.dream' }),
      makeEntry(draw, { data: { anything: [1, 2, { at: 'all' }] } }),
      makeEntry(draw, { body: { text: 'a', poem: 'b' } }),
    ];
    const taken = take(shown, createWriter({ clientID: 3 }).encode(made.map(pair)));
    expect(taken.entries).toHaveLength(3);
    applyTaken(shown, taken);
    expect(shown.size).toBe(3);
  });
});
