import { describe, expect, it } from 'vitest';
import { closeCodes, muxProtocol } from '../../schemas/protocol.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { hashOf, toBase64url } from '../../src/op/index.ts';
import {
  type ControlMessage,
  type DocumentMessage,
  decodeFrame,
  encodeControl,
  encodeDocument,
} from '../../src/sync/wire.ts';
import { randomFrom, runSeed } from '../support/storage.ts';

const hash = (name: string): string => hashOf(nodeCrypto, name);
const key = toBase64url(new Uint8Array(32).fill(7));
const sig = toBase64url(new Uint8Array(64).fill(9));

const controls: readonly ControlMessage[] = [
  {
    type: 'hello',
    versions: [3, 1],
    workspace: hash('w'),
    publicKey: key,
    random: new Uint8Array(32).fill(1),
    capabilities: ['a', 'blob'],
  },
  { type: 'prove', sig },
  { type: 'ask' },
  { type: 'credentials', entries: ['{"a":1}', '{"ü":"€"}'] },
  { type: 'root', logs: hash('l'), marks: hash('m') },
  { type: 'logs', after: 'a', to: '', logs: [['members', hash('x')]] },
  {
    type: 'segments',
    log: 'tasks',
    told: 'changed',
    from: 3,
    to: 0,
    segments: [{ n: 3, digest: hash('3'), split: true }],
  },
  { type: 'listed' },
  { type: 'synced' },
  { type: 'name', alias: 300, document: 'log/tasks/3' },
  { type: 'close', alias: 300 },
  { type: 'ping', number: 1 },
  { type: 'pong', number: 2 ** 40 },
  { type: 'bye', code: 4422, reason: 'no' },
  { type: 'stored', count: 12 },
  {
    type: 'presence',
    statements: [
      { age: 300_000, text: '{"note":"ü"}', sig },
      { age: 0, text: '', sig },
    ],
  },
  { type: 'heads', statements: [{ text: '{"v":1}', sig }] },
];
const documents: readonly DocumentMessage[] = [
  { type: 'step1', stateVector: new Uint8Array([0]) },
  { type: 'step2', update: new Uint8Array([0, 0]) },
  { type: 'update', update: new Uint8Array([1, 2, 3]) },
  { type: 'digest', digest: hash('d'), entries: 1000, split: true, stored: 3, ask: true },
  {
    type: 'keys',
    last: true,
    keys: [
      [hash('a'), true],
      [hash('b'), false],
    ],
  },
  { type: 'want', keys: [hash('a')] },
  { type: 'entries', last: true, entries: [[hash('a'), '{"sig":""}']] },
];
const frames = [
  ...controls.map((message) => encodeControl(message)),
  ...documents.map((message, i) => encodeDocument(i + 1, message)),
];

/** How long a frame takes, ms. What is slow is tried again: the machine may have been busy with something else. */
function timeOf(frame: Uint8Array): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && best > 50; tries++) {
    const started = performance.now();
    decodeFrame(frame);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

describe('the wire', () => {
  it('SYN-1: every message comes back as it was', () => {
    for (const message of controls)
      expect(decodeFrame(encodeControl(message))).toEqual({ kind: 'control', message });
    for (const told of ['asked', 'changed', 'heard'] as const) {
      const message = { type: 'segments', log: 'tasks', told, from: 1, to: 1, segments: [] } as const;
      const frame = encodeControl(message);
      expect(decodeFrame(frame)).toEqual({ kind: 'control', message });
      // The byte after the log.
      expect(decodeFrame(frame.with(8, 3))).toMatchObject({ kind: 'bad', code: closeCodes.malformed });
    }
    for (const message of documents)
      expect(decodeFrame(encodeDocument(500, message))).toEqual({ kind: 'document', alias: 500, message });
  });

  it('SYN-2: unknown types are told apart from frames that cannot be read', () => {
    expect(decodeFrame(new Uint8Array([0, 99, 1, 2, 3]))).toEqual({ kind: 'unknown' });
    expect(decodeFrame(new Uint8Array([4, 1, 1, 2, 3]))).toEqual({ kind: 'unknown' });
    expect(decodeFrame(new Uint8Array([4, 0, 77]))).toEqual({ kind: 'unknown' });
    for (const bytes of [[], [0], [0x80], [0, 5, 1], [0, 7, 1, 1], [4, 122, 2, 1]])
      expect(decodeFrame(new Uint8Array(bytes))).toMatchObject({ kind: 'bad', code: closeCodes.malformed });
  });

  it('SYN-2: a hello of a later version may say more', () => {
    const [hello] = frames as [Uint8Array];
    const longer = new Uint8Array([...hello, 1, 2, 3]);
    expect(decodeFrame(longer)).toEqual(decodeFrame(hello));
  });

  it('SYN-3: what is over a size is refused as too large, before it is read', () => {
    expect(decodeFrame(new Uint8Array(muxProtocol.frameBytes + 1))).toMatchObject({
      kind: 'bad',
      code: closeCodes.tooLarge,
    });
    const update = new Uint8Array(muxProtocol.updateBytes + 1);
    expect(decodeFrame(encodeDocument(1, { type: 'update', update }))).toMatchObject({
      kind: 'bad',
      code: closeCodes.tooLarge,
    });
    // A list of 2^32 items in a frame of ten bytes.
    expect(decodeFrame(new Uint8Array([1, 122, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 2, 3]))).toMatchObject({
      kind: 'bad',
    });
  });

  it('SYN-4: 100,000 random and mutated frames: each is read or refused, none throws', () => {
    const seed = runSeed();
    console.info(`seed ${seed}`);
    const random = randomFrom(seed);
    const kinds = { control: 0, document: 0, unknown: 0, bad: 0 };
    let slowest = 0;
    for (let i = 0; i < 100_000; i++) {
      let frame: Uint8Array;
      if (i % 4 === 0) {
        frame = Uint8Array.from({ length: random(200) }, () => random(256));
        if (random(2) === 0 && frame.length > 1) frame.set([0, random(20)]);
      } else {
        frame = frames[random(frames.length)]!.slice();
        for (let times = 1 + random(4); times > 0; times--) frame[random(frame.length)] = random(256);
        if (random(4) === 0) frame = frame.slice(0, random(frame.length + 1));
      }
      kinds[decodeFrame(frame).kind]++;
      slowest = Math.max(slowest, timeOf(frame));
    }
    console.info(`the slowest took ${slowest.toFixed(1)} ms`);
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(1000);
  });
});
