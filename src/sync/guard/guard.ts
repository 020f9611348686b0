import type { Hash } from '../../../schemas/index.ts';
import type { LogDocument } from '../../log/document.ts';
import type { Crypto } from '../../op/index.ts';
import { guardBounds } from './bounds.ts';
import { type CheckedValue, checkValue, type Home } from './entry.ts';
import { newsFor } from './held.ts';
import { itemAt, sequenceAt } from './here.ts';
import { createNewest, type Newest } from './newest.ts';
import { inOrder, link, type Node, withhold } from './order.ts';
import { partsOf } from './parking/parts.ts';
import { type Judgement, Refusal, type SplitEvidence, type Struct, type Taken } from './types.ts';
import { type ReadUpdate, readUpdate } from './update/read.ts';
import { type Written, writeUpdate } from './update/write.ts';

export interface GuardOptions extends Home {
  /** The largest update that is judged, bytes: 1 MiB unless said. For parked parts that are put together again. */
  readonly bytes?: number | undefined;
}

/** Entries that are checked between two breaks: about a millisecond. */
const entriesAStep = 32;

type Values = Map<Struct, CheckedValue>;

type Check = (struct: Struct) => CheckedValue;

/** Finds the key of what a node follows, and compares an entry with it. True when the document here says otherwise. */
function contradicts(shown: LogDocument, node: Node, split: SplitEvidence[]): boolean {
  const { struct, origin } = node;
  if (struct.origin && origin) {
    node.key = origin.key;
    node.keyFromHere = origin.keyFromHere;
  } else if (struct.origin && struct.origin.clock < shown.clockOf(struct.origin.client)) {
    node.key = itemAt(shown, struct.origin)?.key ?? '';
    node.keyFromHere = true;
  }
  const there = node.entry?.checked.key;
  if (there === undefined || node.key === undefined || there === node.key) return false;
  if (!node.keyFromHere) throw new Refusal('key', `${there} follows an entry of ${node.key}`);
  split.push({ client: struct.client, clock: struct.clock, here: node.key, there });
  return true;
}

/** Counts items in sequence: more than a deleted run may have would make honest documents hold such a run. */
function checkSequence(shown: LogDocument, node: Node): void {
  const { struct, origin } = node;
  const place = struct.origin;
  if (place?.client === struct.client && place.clock === struct.clock - 1) {
    if (origin) node.sequence += origin.sequence;
    else if (place.clock < shown.clockOf(place.client))
      node.sequence += sequenceAt(shown, place, guardBounds.runLength);
  }
  if (node.sequence > guardBounds.runLength)
    throw new Refusal('struct', 'a client follows itself too often in sequence');
}

/** Keys whose last item may come to be one that is deleted, each with what is new under it. */
function keysAtRisk(shown: LogDocument, taken: readonly Node[]): Map<Hash, Newest> {
  const keys = new Map<Hash, Newest>();
  for (const { key, struct, state } of taken) {
    if (state !== 'taken' || struct.value || key === undefined || keys.has(key)) continue;
    const item = shown.item(key);
    // A key that is dead here already can't become so.
    if (!item || item.live) keys.set(key, createNewest(shown, key));
  }
  for (const node of taken)
    if (node.state === 'taken' && node.key !== undefined) keys.get(node.key)?.add(node);
  return keys;
}

/** Parks deleted items that would be the last of their keys, and what depends on them. */
function keepAlive(shown: LogDocument, taken: readonly Node[]): void {
  const keys = keysAtRisk(shown, taken);
  const queue = new Set(keys.keys());
  const gone = ({ key }: Node): void => {
    if (key !== undefined && keys.has(key)) queue.add(key);
  };
  for (const key of queue) {
    // Taken off before, so that what is parked here can put it there again.
    queue.delete(key);
    for (let last = keys.get(key)?.last(); last && !last.struct.value; last = keys.get(key)?.last()) {
      const item = shown.item(key);
      const seen = item && { client: item.client, clock: item.clock };
      last.waits.push({ for: 'key', key, seen });
      withhold(last, 'parked', gone);
    }
  }
}

function updateOf(nodes: ReadonlyMap<number, readonly Node[]>): Uint8Array | undefined {
  const structs = new Map<number, Written[]>();
  for (const [client, list] of nodes) {
    const written: Written[] = [];
    for (const { state, struct, entry } of list)
      if (state === 'taken') written.push(entry ? { ...struct, value: entry.bytes } : struct);
    if (written.length > 0) structs.set(client, written);
  }
  return structs.size === 0 ? undefined : writeUpdate(structs);
}

function resolve(shown: LogDocument, read: ReadUpdate, check: Check): Taken {
  const { structs, held, split } = newsFor(shown, read.structs);
  const nodes = link(structs, shown.clockOf);
  const { taken, parked } = inOrder(nodes);
  for (const node of [...taken, ...parked]) {
    node.entry = node.struct.value && check(node.struct);
    checkSequence(shown, node);
    if (contradicts(shown, node, split)) withhold(node, 'dropped');
  }
  keepAlive(shown, taken);
  const now = taken.filter(({ state }) => state === 'taken');
  return {
    verdict: 'take',
    update: updateOf(nodes),
    entries: now.flatMap(({ entry }) => entry?.checked ?? []),
    clients: [...new Set(now.map(({ struct }) => struct.client))],
    parked: partsOf(nodes),
    split,
    structs: read.count,
    held,
  };
}

/**
 * Judges as `judgeUpdate` does, in steps: after each `next()` the caller may do something else. The document may get
 * other updates meanwhile; it is looked at in the last step.
 */
export function* judgeInSteps(
  crypto: Pick<Crypto, 'sha256'>,
  shown: LogDocument,
  update: Uint8Array,
  options: GuardOptions,
): Generator<void, Judgement> {
  const progress = { structs: 0 };
  try {
    const bytes = options.bytes ?? guardBounds.updateBytes;
    const structs = bytes > guardBounds.updateBytes ? guardBounds.sliceStructs : guardBounds.structs;
    const read = readUpdate(update, { bytes, structs }, progress);
    const values: Values = new Map();
    const check: Check = (struct) => {
      const known = values.get(struct);
      const value = known ?? checkValue(crypto, struct, options);
      if (!known) values.set(struct, value);
      return value;
    };
    for (const [client, list] of read.structs) {
      const next = shown.clockOf(client);
      for (const struct of list) {
        if (!struct.value || struct.clock < next) continue;
        check(struct);
        if (values.size % entriesAStep === 0) yield;
      }
    }
    return resolve(shown, read, check);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { reason, message } = error;
    return { verdict: 'refuse', reason, message, structs: progress.structs };
  }
}

/**
 * Judges one update for one log document: what of it can be applied now, what waits, or that no honest replica sends
 * such. Pure: the document isn't changed. Never throws for what `update` holds.
 */
export function judgeUpdate(
  crypto: Pick<Crypto, 'sha256'>,
  shown: LogDocument,
  update: Uint8Array,
  options: GuardOptions,
): Judgement {
  const steps = judgeInSteps(crypto, shown, update, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
