import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { createWriter, openLogDocument, rootName } from '../../src/log/index.ts';
import { formOf, hex, nextClientID } from './sample.ts';

/** What Yjs itself would have written for the same groups. */
function byYjs(clientID: number, groups: readonly (readonly (readonly [string, unknown])[])[]): Uint8Array[] {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const group of groups)
    doc.transact(() => {
      for (const [key, entry] of group) doc.getMap(rootName).set(key, entry);
    });
  return updates;
}

const shown = (updates: Iterable<Uint8Array>) => {
  const document = openLogDocument({ clientID: nextClientID() });
  for (const update of updates) document.apply(update);
  return document;
};

/** Some writers, each with some groups of new keys. */
const plans = fc
  .array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((writers) => {
    let count = 0;
    return writers.map((groups) => {
      const clientID = nextClientID();
      const writer = createWriter({ clientID });
      const entries = groups.map((size) => Array.from({ length: size }, () => formOf(`entry ${count++}`)));
      return { clientID, entries, updates: entries.map((group) => writer.encode(group)) };
    });
  });

describe('a writer', () => {
  test('LOG-5 writes the bytes that Yjs would write', () => {
    fc.assert(
      fc.property(plans, (writers) => {
        for (const { clientID, entries, updates } of writers)
          expect(updates.map(hex)).toEqual(byYjs(clientID, entries).map(hex));
      }),
    );
  });

  test('LOG-6 any interleaving of any writers’ updates, also twice, gives exactly the set', () => {
    fc.assert(
      fc.property(plans, fc.infiniteStream(fc.nat()), (writers, picks) => {
        const all = writers.flatMap((writer) => writer.updates);
        // Any order at all: Yjs holds back what comes before its turn.
        const order = [...all, ...all.filter(() => (picks.next().value as number) % 3 === 0)]
          .map((update) => ({ update, at: picks.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ update }) => update);
        const expected = new Map(writers.flatMap((writer) => writer.entries.flat()));
        const document = shown(order);
        expect(new Map(document.entries())).toEqual(expected);
        expect(document.size).toBe(expected.size);

        // The same from its own encoding, and from a sync of two halves.
        expect(new Map(shown([document.encode()]).entries())).toEqual(expected);
        const half = shown(order.slice(0, order.length / 2));
        const rest = document.encode(half.stateVector());
        half.apply(rest);
        expect(new Map(half.entries())).toEqual(expected);
        expect(new Map(Y.decodeStateVector(half.stateVector()))).toEqual(
          Y.decodeStateVector(document.stateVector()),
        );
      }),
    );
  });

  test('LOG-6 one entry written by several writers stays one and the same', () => {
    const entry = formOf('same');
    const updates = Array.from({ length: 6 }, () =>
      createWriter({ clientID: nextClientID() }).encode([entry]),
    );
    const writer = createWriter({ clientID: nextClientID() });
    updates.push(writer.encode([entry]), writer.encode([formOf('between')]), writer.encode([entry]));
    fc.assert(
      fc.property(fc.shuffledSubarray(updates, { minLength: updates.length }), (order) => {
        const document = shown(order);
        expect(new Map(document.entries())).toEqual(new Map([entry, formOf('between')]));
        expect(document.size).toBe(2);
      }),
    );
  });

  test('LOG-5 counts its clock, refuses a key twice in a group, and keeps nothing', () => {
    const writer = createWriter({ clientID: 7 });
    const [key, entry] = formOf('a');
    const update = writer.encode([[key, entry], formOf('b')]);
    expect(writer.clock).toBe(2);
    expect(() => writer.encode([formOf('c'), formOf('c')])).toThrow('one key twice in a group');
    expect(writer.clock).toBe(2);
    (entry.header.data as Record<string, unknown>)['name'] = 'changed after';
    expect(shown([update]).get(key)?.header.data['name']).toBe('a');
    expect(shown([writer.encode([])]).size).toBe(0);
  });

  test('LOG-9 after an update that was lost a fresh writer goes on; the lost one leaves nothing', () => {
    const lost = createWriter({ clientID: nextClientID() });
    const first = lost.encode([formOf('stored')]);
    lost.encode([formOf('refused')]);
    const fresh = createWriter({ clientID: nextClientID() });
    const document = shown([first, fresh.encode([formOf('again')])]);
    expect([...document.keys()].sort()).toEqual([formOf('stored')[0], formOf('again')[0]].sort());
    expect(document.doc.store.pendingStructs).toBeNull();
  });
});
