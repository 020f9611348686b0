import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { nodeCrypto } from '../../src/keys/node.ts';
import {
  createMender,
  createWriter,
  digestOf,
  openLogDocument,
  readLog,
  rootName,
  segmentDigest,
  treeDigest,
} from '../../src/log/index.ts';
import { hashOf, stripped, toBase32 } from '../../src/op/index.ts';
import { chainFrom, messages } from '../op/sample.ts';
import { nextClientID } from './sample.ts';

const keys = Array.from({ length: 8 }, (_, i) => hashOf(nodeCrypto, i));
const flagged = fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), fc.boolean()), {
  selector: ([key]) => key,
});
const sha = (text: string): string => toBase32(createHash('sha256').update(text).digest());

describe('digests', () => {
  test('LOG-10 the bytes of a segment digest', () => {
    const [a = '', b = ''] = [...keys].sort();
    expect(segmentDigest(nodeCrypto, [])).toBe(sha('coterie segment 1\n'));
    expect(
      segmentDigest(nodeCrypto, [
        [b, false],
        [a, true],
        [a, true],
      ]),
    ).toBe(sha(`coterie segment 1\n${a} 1\n${b} 0\n`));
  });

  test('LOG-10 equal exactly when the sets are equal, in any order', () => {
    const say = (set: readonly (readonly [string, boolean])[]): string => JSON.stringify([...set].sort());
    fc.assert(
      fc.property(flagged, flagged, (one, two) => {
        expect(segmentDigest(nodeCrypto, one)).toBe(segmentDigest(nodeCrypto, [...one].reverse()));
        expect(segmentDigest(nodeCrypto, one) === segmentDigest(nodeCrypto, two)).toBe(say(one) === say(two));
      }),
      { numRuns: 500 },
    );
  });

  test('LOG-11 the bytes of a tree digest; what holds nothing is left out', () => {
    const segment = segmentDigest(nodeCrypto, [[keys[0] ?? '', true]]);
    const empty = segmentDigest(nodeCrypto, []);
    const log = treeDigest(nodeCrypto, [
      ['2', segment],
      ['10', segment],
    ]);
    expect(log).toBe(sha(`coterie tree 1\n10 ${segment}\n2 ${segment}\n`));
    expect(
      treeDigest(nodeCrypto, [
        ['3', empty],
        ['2', segment],
        ['10', segment],
      ]),
    ).toBe(log);
    expect(treeDigest(nodeCrypto, [['1', empty]])).toBe(treeDigest(nodeCrypto, []));
    const without = treeDigest(nodeCrypto, [['tasks', log]]);
    expect(
      treeDigest(nodeCrypto, [
        ['memory', treeDigest(nodeCrypto, [])],
        ['tasks', log],
      ]),
    ).toBe(without);
    for (const name of ['', 'a b', 'a\n']) expect(() => treeDigest(nodeCrypto, [[name, segment]])).toThrow();
  });

  test('LOG-10 a document’s digest follows what stands in it, not how it got there', async () => {
    const made = await messages(chainFrom(40), 12);
    const pairs = made.map(({ key, entry }) => [key, entry] as const);
    const one = openLogDocument({ clientID: nextClientID() });
    one.apply(createWriter({ clientID: nextClientID() }).encode(pairs));
    const two = openLogDocument({ clientID: nextClientID() });
    for (const pair of [...pairs].reverse())
      two.apply(createWriter({ clientID: nextClientID() }).encode([pair]));
    const whole = digestOf(nodeCrypto, one.ops);
    expect(digestOf(nodeCrypto, two.ops)).toBe(whole);

    const [key = '', entry] = pairs[5] ?? [];
    if (!entry) throw new Error('no entry');
    const redaction = createMender(one, nextClientID()).encode([[key, stripped(entry, key)]]);
    one.apply(redaction);
    expect(digestOf(nodeCrypto, one.ops)).not.toBe(whole);
    two.apply(redaction);
    expect(two.get(key)?.body).toBeDefined();
    // The other copy was written apart: its holder redacts it against what it shows.
    two.apply(one.encode());
    two.apply(createMender(two, nextClientID()).encode([[key, stripped(entry, key)]]));
    expect(digestOf(nodeCrypto, two.ops)).toBe(digestOf(nodeCrypto, one.ops));
  });
});

describe('reading', () => {
  test('LOG-12 any Y.Map is read entry by entry; what is none is refused and stops nothing', async () => {
    const made = await messages(chainFrom(41), 3);
    const doc = new Y.Doc();
    const ops = doc.getMap(rootName);
    for (const { key, entry } of made) ops.set(key, entry);
    const [first, second] = made;
    ops.set('junk', 1);
    ops.set('map', new Y.Map());
    ops.set('text', new Y.Text('x'));
    ops.set(first?.hash ?? '', first?.entry);
    ops.set(second?.key ?? '', { ...second?.entry, body: { salt: first?.hash, text: 'forged' } });
    const read = new Map(readLog(nodeCrypto, ops));
    expect(read.size).toBe(7);
    const good = [...read].filter(([, each]) => each.ok).map(([key]) => key);
    expect(good.sort()).toEqual([made[0]?.key, made[2]?.key].sort());
  });
});
