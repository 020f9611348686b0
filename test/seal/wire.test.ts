import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../schemas/protocol.ts';
import { sealedErrors, sealedProtocol } from '../../schemas/sealed.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { hashOf, toBase64url } from '../../src/op/index.ts';
import {
  decodeFromClient,
  decodeFromRelay,
  encodeToClient,
  encodeToRelay,
  type ToClient,
  type ToRelay,
} from '../../src/seal/wire.ts';
import { randomFrom, runSeed } from '../support/storage.ts';

const id = (fill: number): string => toBase64url(new Uint8Array(32).fill(fill));
const sig = toBase64url(new Uint8Array(64).fill(9));
const list = { text: '{"v":1,"ü":"€"}', sig };
const bytes = new Uint8Array([1, 2, 3]);

const either = [
  { type: 'ping', number: 1 },
  { type: 'pong', number: 2 ** 40 },
  { type: 'bye', code: 4403, reason: 'no' },
] as const;
const toRelay: readonly ToRelay[] = [
  { type: 'hello', versions: [3, 1], capabilities: ['a', 'bü'] },
  { type: 'create', tag: 1, list, code: 'AAAA-BBBB' },
  { type: 'inventory', after: '' },
  { type: 'inventory', after: id(3) },
  { type: 'read', tag: 2, document: id(1), after: 300, max: 2 ** 33 },
  { type: 'append', tag: 3, document: id(1), record: bytes },
  { type: 'subscribe' },
  { type: 'confirm', tag: 4, document: id(1), offset: 12, sig },
  { type: 'list', tag: 5, list },
  { type: 'list', tag: 5, list: undefined },
  { type: 'invite', tag: 6, text: '{}' },
  { type: 'uninvite', tag: 7, invite: hashOf(nodeCrypto, 'i') },
  { type: 'letter', tag: 8, to: id(4), bytes },
  { type: 'letterTaken', number: 9 },
  { type: 'token', token: 'a.b.c' },
  ...either,
];
const toClient: readonly ToClient[] = [
  {
    type: 'hello',
    version: 1,
    capabilities: ['x'],
    incarnation: id(1),
    key: id(2),
    list: 3,
    usedBytes: 2 ** 40,
    quotaBytes: 2 ** 41,
    records: 5,
  },
  { type: 'inventory', last: true, documents: [{ document: id(1), base: 2, last: 300, chain: id(7) }] },
  {
    type: 'records',
    tag: 1,
    document: id(1),
    base: 2,
    baseChain: id(5),
    from: 3,
    last: false,
    records: [bytes, new Uint8Array(0)],
  },
  { type: 'appended', tag: 1, document: id(1), offset: 4, chain: id(8) },
  { type: 'entry', document: id(1), offset: 4, record: bytes },
  { type: 'trimmed', document: id(1), base: 4, baseChain: id(8) },
  { type: 'list', list },
  { type: 'letter', number: 3, from: id(6), bytes },
  { type: 'joined', text: '{"a":1}' },
  { type: 'ok', tag: 3 },
  ...sealedErrors.map((code): ToClient => ({ type: 'error', tag: 3, code, message: 'why' })),
  ...either,
];

const relayFrames = toRelay.map(encodeToRelay);
const clientFrames = toClient.map(encodeToClient);

describe('the wire of a sealed relay', () => {
  it('SLD-1: every message comes back as it was', () => {
    for (const message of toRelay)
      expect(decodeFromClient(encodeToRelay(message))).toEqual({ kind: 'message', message });
    for (const message of toClient)
      expect(decodeFromRelay(encodeToClient(message))).toEqual({ kind: 'message', message });
  });

  it('SLD-2: unknown types are told apart from frames that cannot be read; a later hello may say more', () => {
    for (const decode of [decodeFromClient, decodeFromRelay]) {
      expect(decode(new Uint8Array([99, 1, 2]))).toEqual({ kind: 'unknown' });
      for (const frame of [[], [0x80], [16], [16, 1, 1], [20, 1, 5, 65]])
        expect(decode(new Uint8Array(frame))).toMatchObject({ kind: 'bad', code: closeCodes.malformed });
    }
    for (const [frames, decode] of [
      [relayFrames, decodeFromClient],
      [clientFrames, decodeFromRelay],
    ] as const) {
      const [hello] = frames as [Uint8Array];
      expect(decode(new Uint8Array([...hello, 1, 2]))).toEqual(decode(hello));
    }
  });

  it('SLD-3: what is over a size is refused as too large, and a list longer than its frame before it is read', () => {
    const large = { kind: 'bad', code: closeCodes.tooLarge };
    expect(decodeFromClient(new Uint8Array(sealedProtocol.frameBytes + 1))).toMatchObject(large);
    const record = new Uint8Array(sealedProtocol.recordBytes + 1);
    expect(
      decodeFromClient(encodeToRelay({ type: 'append', tag: 1, document: id(1), record })),
    ).toMatchObject(large);
    expect(
      decodeFromRelay(encodeToClient({ type: 'entry', offset: 1, document: id(1), record })),
    ).toMatchObject(large);
    const letter = new Uint8Array(sealedProtocol.letterBytes + 1);
    expect(
      decodeFromClient(encodeToRelay({ type: 'letter', tag: 1, to: id(1), bytes: letter })),
    ).toMatchObject(large);
    // An inventory of 2^32 documents in a frame of eight bytes.
    expect(decodeFromRelay(new Uint8Array([2, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 1]))).toMatchObject({
      kind: 'bad',
      code: closeCodes.malformed,
    });
  });

  it('SLD-4: random and mutated frames are read or refused, and none throws', () => {
    const seed = runSeed();
    console.info(`seed ${seed}`);
    const random = randomFrom(seed);
    const kinds = { message: 0, unknown: 0, bad: 0 };
    for (let i = 0; i < 40_000; i++) {
      const decode = i % 2 === 0 ? decodeFromClient : decodeFromRelay;
      const frames = i % 2 === 0 ? relayFrames : clientFrames;
      let frame: Uint8Array;
      if (i % 8 < 2) {
        frame = Uint8Array.from({ length: random(200) }, () => random(256));
        if (frame.length > 0) frame[0] = random(24);
      } else {
        frame = frames[random(frames.length)]!.slice();
        for (let times = 1 + random(4); times > 0; times--) frame[random(frame.length)] = random(256);
        if (random(4) === 0) frame = frame.slice(0, random(frame.length + 1));
      }
      kinds[decode(frame).kind]++;
    }
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(500);
  });
});
