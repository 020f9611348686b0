import { guardBounds } from './bounds.ts';
import { inOrder, link, type Node } from './order.ts';
import { Refusal, type Refused, type Struct } from './types.ts';
import { type DeleteRange, readUpdate } from './update/read.ts';
import { sizeOf, writeUpdate } from './update/write.ts';

export type Sliced =
  | { readonly verdict: 'sliced'; readonly updates: readonly Uint8Array[] }
  /** Not an update of a log document: as `judgeUpdate` would refuse it, before any entry is read. */
  | Refused;

/** Bytes of one range of deletions with its client, at most. */
const rangeBytes = 28;
/** Bytes around the structs of an update. */
const headBytes = 16;
const sliceStructs = guardBounds.structs / 2;
/** Bytes of the smallest struct. */
const structBytes = 2;
const nothing = (): number => 0;

/** Structs so that each stands after what it follows in the update; what it lacks counts as there. */
function sequence(structs: ReadonlyMap<number, readonly Struct[]>): Node[] {
  const nodes = link(structs, nothing);
  const { taken, parked } = inOrder(nodes);
  return [...taken, ...parked];
}

function* pieces(
  structs: readonly Node[],
  deletes: readonly DeleteRange[],
  most: number,
): Generator<Uint8Array> {
  let group = new Map<number, Struct[]>();
  let size = headBytes;
  let held = 0;
  for (const { struct } of structs) {
    const more = sizeOf(struct);
    if (held > 0 && (size + more > most || held >= sliceStructs)) {
      yield writeUpdate(group);
      group = new Map();
      size = headBytes;
      held = 0;
    }
    const list = group.get(struct.client);
    if (list) list.push(struct);
    else group.set(struct.client, [struct]);
    size += more;
    held++;
  }
  const room = Math.max(1, Math.floor((most - headBytes) / rangeBytes));
  const first = Math.max(0, Math.floor((most - size) / rangeBytes));
  yield writeUpdate(group, deletes.slice(0, first));
  for (let at = first; at < deletes.length; at += room)
    yield writeUpdate(new Map(), deletes.slice(at, at + room));
}

/**
 * Cuts an update into updates of at most `most` bytes and 4,096 structs that say the same when applied in this order:
 * structs after what they follow, each client's by clock, deletions last. One entry is never cut: an update that holds
 * a single one may be as large as that. What is small enough is given back as it is. Whoever sends an update slices it
 * first; one that was made elsewhere without is sliced before it is judged. Throws nothing.
 */
export function sliceUpdate(update: Uint8Array, most: number = guardBounds.updateBytes): Sliced {
  const whole: Sliced = { verdict: 'sliced', updates: [update] };
  // No more structs than this can be in so few bytes.
  if (update.length <= Math.min(most, structBytes * sliceStructs)) return whole;
  const progress = { structs: 0 };
  try {
    const bounds = { bytes: Number.POSITIVE_INFINITY, structs: guardBounds.sliceStructs };
    const { structs, deletes, count } = readUpdate(update, bounds, progress);
    if (update.length <= most && count <= sliceStructs) return whole;
    return { verdict: 'sliced', updates: [...pieces(sequence(structs), deletes, most)] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: 'refuse', reason: error.reason, message: error.message, structs: progress.structs };
  }
}
