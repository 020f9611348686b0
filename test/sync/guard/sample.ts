import * as Y from 'yjs';
import type { Entry, Hash } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { type LogDocument, openLogDocument } from '../../../src/log/index.ts';
import { entryKey, hashOf, makeHeader, sealEntry, toBase32, toBase64url } from '../../../src/op/index.ts';
import {
  type GuardOptions,
  judgeUpdate,
  type Parking,
  parkingBounds,
  type Refused,
  sliceUpdate,
  type Taken,
} from '../../../src/sync/guard/index.ts';
import { numbers } from '../../fold/random.ts';

export const seedOf = (): number => {
  const given = process.env['COTERIE_SEED'];
  return given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given);
};

/** Draws from one seed. */
export interface Draw {
  number(below: number): number;
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Uint8Array;
  /** A clientID; some high, some low. */
  client(): number;
}

export function drawFrom(seed: number): Draw {
  const next = numbers(seed);
  const number = (below: number): number => Math.floor(next() * below);
  return {
    number,
    chance: (share) => next() < share,
    pick: (list) => list[number(list.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => number(256)),
    client: () => 1 + number(0xffff_fffe),
  };
}

export const workspace = hashOf(nodeCrypto, 'workspace');
export const home: GuardOptions = { log: 'memory', workspace };

export interface Made {
  readonly key: Hash;
  readonly hash: Hash;
  readonly entry: Entry;
}

/** An entry in due form. Its signature holds for nothing, which the guard doesn't look at. */
export function makeEntry(draw: Draw, change: Partial<Parameters<typeof makeHeader>[1]> = {}): Made {
  const { header, hash, body } = makeHeader(nodeCrypto, {
    stamp: '01HF0000000000000000000000',
    workspace,
    log: 'memory',
    replica: toBase32(draw.bytes(16)),
    member: workspace,
    seq: 1,
    prev: '',
    after: [],
    type: 'memory.create',
    subject: '',
    data: { kind: 'note', tags: ['a', 'b'], n: draw.number(1e9) - 5e8, share: draw.number(100) / 7 },
    body: { text: `text ${draw.number(1e9)}` },
    random: draw.bytes,
    ...change,
  });
  const sig = toBase64url(draw.bytes(64));
  return { key: entryKey(nodeCrypto, hash, sig), hash, entry: sealEntry(header, body, sig) };
}

export const pair = ({ key, entry }: Made): readonly [Hash, Entry] => [key, entry];

export const openEmpty = (draw: Draw, ...state: Uint8Array[]): LogDocument =>
  openLogDocument({ clientID: draw.client(), state });

export function take(shown: LogDocument, update: Uint8Array, options = home): Taken {
  const judged = judgeUpdate(nodeCrypto, shown, update, options);
  if (judged.verdict === 'refuse') throw new Error(`refused as ${judged.reason}: ${judged.message}`);
  return judged;
}

export function refusal(shown: LogDocument, update: Uint8Array, options = home): Refused {
  const judged = judgeUpdate(nodeCrypto, shown, update, options);
  if (judged.verdict !== 'refuse') throw new Error('it was taken');
  return judged;
}

/** Applies what was judged fit, and looks at everything that must hold afterwards. Gives the keys that were touched. */
export function applyTaken(shown: LogDocument, taken: Taken): readonly Hash[] {
  if (!taken.update) return [];
  const before = [...shown.keys()];
  const touched = shown.apply(taken.update);
  const { pendingStructs, pendingDs } = shown.doc.store;
  if (pendingStructs || pendingDs) throw new Error('Yjs holds something back');
  for (const key of before) if (!shown.isLive(key)) throw new Error(`${key} has no live entry any more`);
  for (const { key } of taken.entries)
    if (!shown.isLive(key)) throw new Error(`${key} was taken and has no live entry`);
  for (const client of taken.clients)
    if (shown.clockOf(client) === 0) throw new Error(`nothing of ${client} was taken`);
  return touched;
}

/**
 * Judges, applies, parks; then the same with what is released, until nothing is. Gives how many updates were released.
 * What the parking lets go fails.
 */
export function receive(shown: LogDocument, parking: Parking, update: Uint8Array): number {
  const judge = (part: Uint8Array, options: GuardOptions): void => {
    const taken = take(shown, part, options);
    applyTaken(shown, taken);
    if (parking.add(taken.parked).length > 0) throw new Error('the parking let something go');
  };
  judge(update, home);
  let count = 0;
  for (let parts = parking.release(shown); parts.length > 0; parts = parking.release(shown))
    for (const part of parts) {
      if (++count > 10_000) throw new Error('it never ends');
      judge(part, { ...home, bytes: parkingBounds.bytes });
    }
  return count;
}

/** The slices of an update that is one. */
export const slices = (update: Uint8Array, most?: number): readonly Uint8Array[] => {
  const sliced = sliceUpdate(update, most);
  if (sliced.verdict === 'refuse') throw new Error(sliced.message);
  return sliced.updates;
};

/** The updates that a foreign Yjs client gives out while `act` runs. */
export function updatesOf(doc: Y.Doc, act: () => void): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const listen = (update: Uint8Array): void => {
    updates.push(update);
  };
  doc.on('update', listen);
  act();
  doc.off('update', listen);
  return updates;
}

export const foreign = (clientID: number, ...updates: Uint8Array[]): Y.Doc => {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  doc.clientID = clientID;
  return doc;
};
