import * as Y from 'yjs';
import type { Entry, Hash } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import {
  createMender,
  createWriter,
  digestOf,
  type LogDocument,
  type Mender,
  type Writer,
} from '../../../src/log/index.ts';
import { stripped } from '../../../src/op/index.ts';
import { createParking, type Parking, parkingBounds, sliceUpdate } from '../../../src/sync/guard/index.ts';
import { applyTaken, type Draw, foreign, home, type Made, makeEntry, openEmpty, take } from './sample.ts';

export interface Counts {
  judged: number;
  entries: number;
  parked: number;
  released: number;
  evicted: number;
  awaitedKeys: number;
  redactions: number;
  foreignSets: number;
  held: number;
}

export const noCounts = (): Counts => ({
  judged: 0,
  entries: 0,
  parked: 0,
  released: 0,
  evicted: 0,
  awaitedKeys: 0,
  redactions: 0,
  foreignSets: 0,
  held: 0,
});

interface Peer {
  readonly shown: LogDocument;
  writer: Writer;
  mender: Mender;
  readonly parking: Parking;
  /** Redacted keys that it knows of, each with its redact. */
  readonly redacts: Map<Hash, Hash>;
  /** Updates on their way to it, in any order. */
  readonly inbox: Uint8Array[];
}

/** One log document on several honest replicas and a foreign Yjs client, with everything that connections do. */
export function playSession(draw: Draw, counts: Counts, steps: number): void {
  const made = new Map<Hash, Made>();
  const peers: Peer[] = Array.from({ length: 2 + draw.number(3) }, () => {
    const shown = openEmpty(draw);
    const bounds = draw.chance(0.2) ? { bytes: 2000, parts: 3 } : parkingBounds;
    return {
      shown,
      writer: createWriter({ clientID: draw.client() }),
      mender: createMender(shown, draw.client()),
      parking: createParking(bounds),
      redacts: new Map(),
      inbox: [],
    };
  });
  const stranger = foreign(draw.client());
  /** Everything that was ever sent, for merging and repeating. */
  const sent: Uint8Array[] = [];

  const send = (from: Peer | undefined, update: Uint8Array): void => {
    sent.push(update);
    for (const peer of peers) if (peer !== from && draw.chance(0.7)) peer.inbox.push(update);
    if (draw.chance(0.5)) Y.applyUpdate(stranger, update);
  };

  const mend = (peer: Peer, pairs: readonly (readonly [Hash, Entry])[]): void => {
    const update = peer.mender.encode(pairs);
    applyTaken(peer.shown, take(peer.shown, update));
    send(peer, update);
  };

  /** Once a redact is known, no text of its target stays. */
  const strip = (peer: Peer, keys: Iterable<Hash>): void => {
    const wrong: [Hash, Entry][] = [];
    for (const key of new Set(keys)) {
      const redact = peer.redacts.get(key);
      const entry = peer.shown.get(key);
      if (redact !== undefined && entry?.body) wrong.push([key, stripped(entry, redact)]);
    }
    if (wrong.length > 0) mend(peer, wrong);
  };

  const judge = (peer: Peer, update: Uint8Array, bytes?: number): void => {
    const taken = take(peer.shown, update, bytes === undefined ? home : { ...home, bytes });
    if (taken.split.length > 0) throw new Error(`split: ${JSON.stringify(taken.split)}`);
    counts.judged++;
    counts.entries += taken.entries.length;
    counts.parked += taken.parked.length;
    counts.held += taken.held;
    for (const { waits } of taken.parked) if (waits.some((wait) => wait.for === 'key')) counts.awaitedKeys++;
    const touched = applyTaken(peer.shown, taken);
    counts.evicted += peer.parking.add(taken.parked).length;
    strip(peer, touched);
  };

  const receive = (peer: Peer, update: Uint8Array): void => {
    const sliced = sliceUpdate(update, draw.chance(0.3) ? 1000 : undefined);
    if (sliced.verdict === 'refuse') throw new Error(sliced.message);
    for (const part of sliced.updates) judge(peer, part);
    for (let released = peer.parking.release(peer.shown); released.length > 0; ) {
      for (const part of released) {
        counts.released++;
        judge(peer, part, parkingBounds.bytes);
      }
      released = peer.parking.release(peer.shown);
    }
  };

  const state = (doc: Y.Doc): Uint8Array => {
    const of = draw.pick([...peers.map(({ shown }) => shown.doc), stranger, new Y.Doc()]);
    return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(of));
  };

  const some = (): Uint8Array[] => Array.from({ length: 1 + draw.number(4) }, () => draw.pick(sent));

  const actions: ((peer: Peer) => void)[] = [
    // New operations.
    (peer) => {
      const group = Array.from({ length: 1 + draw.number(3) }, () => makeEntry(draw));
      for (const one of group) made.set(one.key, one);
      const update = peer.writer.encode(group.map(({ key, entry }) => [key, entry]));
      applyTaken(peer.shown, take(peer.shown, update));
      send(peer, update);
    },
    // The same operation brought back by someone who only has it in store: a twin under another clientID.
    (peer) => {
      if (made.size === 0) return;
      const { key, entry } = draw.pick([...made.values()]);
      const redact = peer.redacts.get(key);
      if (peer.shown.has(key)) return;
      mend(peer, [[key, redact === undefined ? entry : stripped(entry, redact)]]);
    },
    // A redaction, and one that another replica hears of later or never.
    (peer) => {
      const keys = [...peer.shown.keys()];
      if (keys.length === 0) return;
      const key = draw.pick(keys);
      const redact = made.get(draw.pick(keys))!.hash;
      for (const one of peers) if (one === peer || draw.chance(0.4)) one.redacts.set(key, redact);
      counts.redactions++;
      for (const one of peers) strip(one, one.redacts.keys());
    },
    // A repair from the store, by someone who may not know of a redact.
    (peer) => {
      const keys = [...peer.shown.keys()];
      if (keys.length === 0) return;
      const key = draw.pick(keys);
      const redact = peer.redacts.get(key);
      const { entry } = made.get(key)!;
      mend(peer, [[key, redact === undefined ? entry : stripped(entry, redact)]]);
    },
    // A foreign client sets valid entries, also over equal ones, also twice at once.
    () => {
      const updates: Uint8Array[] = [];
      const listen = (update: Uint8Array): unknown => updates.push(update);
      stranger.on('update', listen);
      stranger.transact(() => {
        for (let i = draw.number(3); i >= 0; i--) {
          const one = made.size > 0 && draw.chance(0.5) ? draw.pick([...made.values()]) : makeEntry(draw);
          made.set(one.key, one);
          const { key, entry } = one;
          stranger.getMap('ops').set(key, draw.chance(0.3) ? stripped(entry, key) : entry);
          counts.foreignSets++;
        }
      });
      stranger.off('update', listen);
      for (const update of updates) send(undefined, update);
    },
    // Whole states and steps of a sync, from state vectors of anyone.
    (peer) => peer.inbox.push(state(draw.pick(peers).shown.doc)),
    (peer) => peer.inbox.push(state(stranger)),
    (peer) => peer.inbox.push(Y.encodeStateAsUpdate(draw.pick(peers).shown.doc)),
    // Merged, cut by a state vector, sent again.
    (peer) => sent.length > 0 && peer.inbox.push(Y.mergeUpdates(some())),
    (peer) => sent.length > 0 && send(peer, Y.mergeUpdates(some())),
    (peer) => {
      if (sent.length === 0) return;
      const vector = Y.encodeStateVector(draw.pick(peers).shown.doc);
      peer.inbox.push(Y.diffUpdate(Y.mergeUpdates(some()), vector));
    },
    (peer) => sent.length > 0 && peer.inbox.push(draw.pick(sent)),
    // Reconnected: fresh clientIDs, nothing parked.
    (peer) => {
      if (draw.chance(0.7)) return;
      peer.writer = createWriter({ clientID: draw.client() });
      peer.mender = createMender(peer.shown, draw.client());
      peer.parking.clear();
    },
  ];

  // What Yjs itself tells of each applied update: late twins as deleted items alone.
  for (const peer of peers)
    peer.shown.doc.on('update', (update: Uint8Array) => {
      if (draw.chance(0.3)) for (const other of peers) if (other !== peer) other.inbox.push(update);
    });

  for (let step = 0; step < steps; step++) {
    const peer = draw.pick(peers);
    if (draw.chance(0.4)) draw.pick(actions)(peer);
    else if (peer.inbox.length > 0) {
      const [update] = peer.inbox.splice(draw.number(peer.inbox.length), 1);
      receive(peer, update!);
    }
  }

  heal(peers, stranger, receive);
}

/** Everyone hears of every redact and syncs with everyone, until all are equal. */
function heal(
  peers: readonly Peer[],
  stranger: Y.Doc,
  receive: (peer: Peer, update: Uint8Array) => void,
): void {
  for (const peer of peers)
    for (const [key, redact] of peer.redacts) for (const one of peers) one.redacts.set(key, redact);
  const digests = (): Set<Hash> => new Set(peers.map(({ shown }) => digestOf(nodeCrypto, shown.ops)));
  for (let round = 0; round < 6; round++) {
    for (const peer of peers) {
      peer.inbox.length = 0;
      receive(peer, Y.encodeStateAsUpdate(stranger, peer.shown.stateVector()));
      for (const other of peers) receive(peer, other.shown.encode(peer.shown.stateVector()));
    }
  }
  if (digests().size !== 1) throw new Error('digests differ');
  for (const { parking } of peers)
    if (parking.parts > 0) throw new Error(`${parking.parts} parts still wait`);
}
