import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Entry, Hash } from '../../schemas/index.ts';
import {
  createMender,
  createWriter,
  type LogDocument,
  openLogDocument,
  rootName,
} from '../../src/log/index.ts';
import { bare, formOf, hex, nextClientID } from './sample.ts';

type Pair = readonly [Hash, Entry];

const open = (...state: Uint8Array[]): LogDocument => openLogDocument({ clientID: nextClientID(), state });
const write = (...entries: Pair[]): Uint8Array => createWriter({ clientID: nextClientID() }).encode(entries);

/** What Yjs would write that sets the entries in a copy of the document. */
function byYjs(shown: LogDocument, clientID: number, entries: readonly Pair[]): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, shown.encode());
  doc.clientID = clientID;
  let written = new Uint8Array();
  doc.on('update', (update: Uint8Array) => {
    written = new Uint8Array(update);
  });
  doc.transact(() => {
    for (const [key, entry] of entries) doc.getMap(rootName).set(key, entry);
  });
  return written;
}

const canary = 'yellow-bird-7361';
const holds = (bytes: Uint8Array, text: string): boolean => Buffer.from(bytes).includes(text);

describe('a mender', () => {
  test('LOG-7 writes the bytes that Yjs would write into a copy of the document', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.subarray([0, 1, 2, 3, 4, 5, 6])),
        (count, rounds) => {
          const names = Array.from({ length: count }, (_, i) => `entry ${i}`);
          const shown = open(write(...names.map((name) => formOf(name))));
          for (const [round, picks] of rounds.entries()) {
            const entries = picks.map((pick) => formOf(`entry ${pick}`, `round ${round}`));
            if (entries.length === 0) continue;
            const clientID = nextClientID();
            const before = hex(shown.encode());
            const update = createMender(shown, clientID).encode(entries);
            expect(hex(shown.encode())).toBe(before);
            expect(hex(update)).toBe(hex(byYjs(shown, clientID, entries)));
            shown.apply(update);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('LOG-7 a redaction encoded against the document always wins; one without origin would not', () => {
    let lostByWriter = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.boolean(), (copies, twice) => {
        // The entry was written by one or more replicas apart.
        const entry = formOf('target', canary);
        const state = Array.from({ length: copies }, () => write(entry));
        const shown = open(...state);
        const mender = createMender(shown, nextClientID());
        const mend = [mender.encode([bare(entry)])];
        if (twice) mend.push(mender.encode([bare(entry)]));
        for (const order of [
          [...state, ...mend],
          [...mend, ...state],
        ]) {
          const document = open(...order);
          expect(document.get(entry[0])).toEqual(bare(entry)[1]);
          expect(document.size).toBe(1);
        }
        const other = open(...state, write(bare(entry)));
        if (other.get(entry[0])?.body) lostByWriter++;
      }),
      { numRuns: 200 },
    );
    expect(lostByWriter).toBeGreaterThan(20);
  });

  test('LOG-7 follows its own updates that the document has not got yet, in every order of replies', () => {
    const entry = formOf('target', canary);
    const base = write(entry);
    const shown = open(base);
    const mender = createMender(shown, nextClientID());
    // A repair is queued, then the redaction, before either was applied.
    const repair = mender.encode([entry]);
    const redaction = mender.encode([bare(entry), formOf('other')]);
    const more = mender.encode([formOf('other', 'newer')]);
    expect(mender.clock).toBe(4);
    fc.assert(
      fc.property(fc.shuffledSubarray([base, repair, redaction, more], { minLength: 4 }), (order) => {
        const document = open(...order);
        expect(document.get(entry[0])).toEqual(bare(entry)[1]);
        expect(document.get(formOf('other')[0])?.body?.text).toBe('newer');
        expect(holds(document.encode(), canary)).toBe(false);
      }),
    );
    shown.apply(repair);
    shown.apply(redaction);
    shown.apply(more);
    // Once they are applied, the document says what to follow.
    const copy = byYjs(shown, mender.clientID, [entry]);
    expect(hex(mender.encode([entry]))).toBe(hex(copy));
  });

  test('LOG-7 a key that a foreign client deleted comes back', () => {
    const entry = formOf('target');
    const shown = open(write(entry, formOf('other')));
    const foreign = new Y.Doc();
    Y.applyUpdate(foreign, shown.encode());
    foreign.getMap(rootName).delete(entry[0]);
    expect(shown.apply(Y.encodeStateAsUpdate(foreign))).toEqual([entry[0]]);
    expect(shown.isLive(entry[0])).toBe(false);
    expect(shown.size).toBe(1);
    expect(shown.item(entry[0])?.live).toBe(false);

    const clientID = nextClientID();
    const repair = createMender(shown, clientID).encode([entry]);
    expect(hex(repair)).toBe(hex(byYjs(shown, clientID, [entry])));
    expect(shown.apply(repair)).toEqual([entry[0]]);
    expect(shown.get(entry[0])).toEqual(entry[1]);
    expect(shown.size).toBe(2);
    // Everyone agrees, whoever deletes or repairs first.
    const other = open(repair, Y.encodeStateAsUpdate(foreign));
    expect(new Map(other.entries())).toEqual(new Map(shown.entries()));
  });

  test('LOG-9 refuses a key twice in a group', () => {
    const mender = createMender(open(), 5);
    expect(() => mender.encode([formOf('a'), formOf('a')])).toThrow('one key twice in a group');
    expect(mender.clock).toBe(0);
  });
});

describe('after a redaction', () => {
  test('LOG-8 the text is in no encoding of the document, and what a replica without it sends brings it back nowhere', () => {
    const entry = formOf('target', canary);
    const others = Array.from({ length: 30 }, (_, i) => formOf(`entry ${i}`));
    const state = [write(...others.slice(0, 15), entry, ...others.slice(15)), write(entry)];
    const shown = open(...state);
    expect(holds(shown.encode(), canary)).toBe(true);
    const late = open(...state);

    const redaction = createMender(shown, nextClientID()).encode([bare(entry)]);
    expect(holds(redaction, canary)).toBe(false);
    expect(shown.apply(redaction)).toEqual([entry[0]]);
    expect(holds(shown.encode(), canary)).toBe(false);
    expect(holds(shown.encode(new Uint8Array([0])), canary)).toBe(false);
    expect(holds(open(shown.encode()).encode(), canary)).toBe(false);
    expect(JSON.stringify(shown.ops.toJSON())).not.toContain(canary);

    // Both ways with one that still shows it.
    shown.apply(late.encode(shown.stateVector()));
    late.apply(shown.encode(late.stateVector()));
    for (const document of [shown, late]) {
      expect(holds(document.encode(), canary)).toBe(false);
      expect(document.get(entry[0])).toEqual(bare(entry)[1]);
      expect(document.size).toBe(31);
    }
  });
});
