import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { limits } from '../../schemas/index.ts';
import {
  createMender,
  createWriter,
  documentName,
  freshClientID,
  openLogDocument,
  parseDocumentName,
  rootName,
  shouldRoll,
} from '../../src/log/index.ts';
import { channel, randomFrom } from '../op/sample.ts';
import { bare, formOf, nextClientID } from './sample.ts';

describe('names', () => {
  test('LOG-1 there and back, and nothing else', () => {
    const logs = [
      'members',
      'channels',
      'tasks',
      'memory',
      'reservations',
      `channel.${channel}`,
      `marks.${channel}`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...logs), fc.integer({ min: 1, max: 999_999_999 }), (log, segment) => {
        expect(documentName(log, segment)).toBe(`log/${log}/${segment}`);
        expect(parseDocumentName(`log/${log}/${segment}`)).toEqual({ log, segment });
      }),
    );
    for (const name of [
      '',
      'members/1',
      'log/members',
      'log/members/0',
      'log/members/01',
      'log/members/1 ',
      'log/members/1/2',
      'log/other/1',
      'log/channel./1',
      'log/../1',
      'xlog/members/1',
      'log/members/1\n',
      'log/members/1e3',
      'log/members/9999999999',
    ])
      expect(parseDocumentName(name), name).toBeUndefined();
    for (const segment of [0, -1, 1.5, Number.NaN, 1e21])
      expect(() => documentName('members', segment)).toThrow('is not the name of a log document');
  });
});

describe('segments', () => {
  test('LOG-3 roll at 1,000 operations or 512 KiB', () => {
    const { segmentOperations: operations, segmentBytes: bytes } = limits;
    expect(shouldRoll({ operations: operations - 1, bytes: bytes - 1 })).toBe(false);
    expect(shouldRoll({ operations, bytes: 0 })).toBe(true);
    expect(shouldRoll({ operations: 0, bytes })).toBe(true);
  });
});

describe('clientIDs', () => {
  test('LOG-4 32 bits of the source, never 0', () => {
    let calls = 0;
    const zeroFirst = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(calls++ === 0 ? 0 : 255);
    expect(freshClientID(zeroFirst)).toBe(2 ** 32 - 1);
    expect(freshClientID(() => Uint8Array.of(0x80, 0, 0, 1))).toBe(0x80000001);
    expect(freshClientID(() => Uint8Array.of(0, 0, 0, 1))).toBe(1);
  });

  test('LOG-4 fresh ones do not collide, and writers under them never do', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = randomFrom(seed);
        const ids = Array.from({ length: 300 }, () => freshClientID(random));
        expect(new Set(ids).size).toBe(300);
        const document = openLogDocument({ clientID: freshClientID(random) });
        ids.slice(0, 50).forEach((clientID, i) => {
          document.apply(createWriter({ clientID }).encode([formOf(`entry ${i}`)]));
        });
        expect(document.size).toBe(50);
        expect(document.doc.store.clients.size).toBe(50);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the document that others see', () => {
  test('LOG-2 says what it holds, and which keys an update touched', () => {
    const writer = createWriter({ clientID: nextClientID() });
    const [key, entry] = formOf('a');
    const document = openLogDocument({ clientID: nextClientID(), state: [writer.encode([formOf('z')])] });
    expect(document.size).toBe(1);
    const origin = {};
    const origins: unknown[] = [];
    document.doc.on('update', (_update: Uint8Array, from: unknown) => origins.push(from));
    const update = writer.encode([[key, entry], formOf('b')]);
    expect([...document.apply(update, origin)].sort()).toEqual([key, formOf('b')[0]].sort());
    expect(document.apply(update, origin)).toEqual([]);
    expect(origins).toEqual([origin]);
    expect(document.size).toBe(3);
    expect(document.has(key)).toBe(true);
    expect(document.isLive(key)).toBe(true);
    expect(document.get(key)).toEqual(entry);
    expect(document.get(channel)).toBeUndefined();
    expect(document.item(channel)).toBeUndefined();
    expect(document.item(key)).toEqual({ client: writer.clientID, clock: 1, live: true });
    expect(document.clockOf(writer.clientID)).toBe(3);
    expect(new Set(document.keys()).size).toBe(3);
    document.close();
    expect(() => document.apply(update)).toThrow('the document is closed');
  });

  test('LOG-3 its size in bytes is near what it encodes to, also after redactions and repeats', () => {
    const entries = Array.from({ length: 200 }, (_, i) => formOf(`entry ${i}`, 'x'.repeat(i * 5)));
    const document = openLogDocument({ clientID: nextClientID() });
    const near = (): void => {
      const real = document.encode().length;
      expect(document.bytes).toBeGreaterThan(real * 0.8);
      expect(document.bytes).toBeLessThan(real * 1.3);
    };
    document.apply(createWriter({ clientID: nextClientID() }).encode(entries));
    near();
    const before = document.bytes;
    document.apply(document.encode());
    document.apply(createWriter({ clientID: nextClientID() }).encode(entries.slice(0, 50)));
    expect(document.bytes).toBe(before);
    document.apply(createMender(document, nextClientID()).encode(entries.slice(100).map(bare)));
    near();
  });

  test('LOG-2 honest writers and menders make no GC structs', () => {
    const entries = Array.from({ length: 50 }, (_, i) => formOf(`entry ${i}`));
    const document = openLogDocument({ clientID: nextClientID() });
    const mender = createMender(document, nextClientID());
    document.apply(createWriter({ clientID: nextClientID() }).encode(entries));
    for (let i = 0; i < 4; i++) {
      document.apply(createWriter({ clientID: nextClientID() }).encode(entries.slice(i, i + 20)));
      document.apply(mender.encode(entries.slice(0, 30).map(bare)));
    }
    for (const struct of Y.decodeUpdate(document.encode()).structs) expect(struct).toBeInstanceOf(Y.Item);
    expect(document.size).toBe(50);
  });

  test('LOG-4 keeps its clientID, and replays: the same updates give the same bytes', () => {
    const updates = Array.from({ length: 5 }, (_, i) =>
      createWriter({ clientID: 100 + i }).encode([formOf(`entry ${i}`)]),
    );
    const open = () => openLogDocument({ clientID: 9, state: updates });
    expect(open().doc.clientID).toBe(9);
    expect(open().encode()).toEqual(open().encode());
    expect(open().doc.getMap(rootName)).toBeInstanceOf(Y.Map);
  });
});
