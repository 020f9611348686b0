import type { Hash } from '../../../../schemas/index.ts';
import { endOf, type Node, waitFor } from '../order.ts';
import type { ParkedPart, Struct, Wait } from '../types.ts';
import { sizeOf } from '../update/write.ts';

/** What the first of a part lacks: by itself, and by what stands before it and by what it follows, if they wait too. */
function waitsOf({ struct, waits, origin }: Node, before: Node | undefined): Wait[] {
  const all = [...waits];
  const { client, clock } = struct;
  if (before?.state === 'parked' && endOf(before.struct) === clock)
    all.push(waitFor({ client, clock: clock - 1 }));
  if (origin?.state === 'parked' && struct.origin) all.push(waitFor(struct.origin));
  return all;
}

function partOf(nodes: readonly Node[], before: Node | undefined): ParkedPart {
  const first = nodes[0] as Node;
  const { client, clock } = first.struct;
  const keys: Hash[] = [];
  const structs: Struct[] = [];
  let bytes = 0;
  for (const { entry, struct } of nodes) {
    // Not the update that it came in, which would be held as a whole.
    structs.push(entry ? { ...struct, value: entry.bytes } : struct);
    if (entry) keys.push(entry.checked.key);
    bytes += sizeOf(struct);
  }
  return {
    client,
    clock,
    end: endOf(structs.at(-1) ?? first.struct),
    waits: waitsOf(first, before),
    keys,
    structs,
    bytes,
  };
}

/** True when a node lacks nothing but the one before it. */
function goesOn(node: Node, run: readonly Node[]): boolean {
  const before = run.at(-1);
  if (!before || node.state !== 'parked' || node.waits.length > 0) return false;
  if (endOf(before.struct) !== node.struct.clock) return false;
  const { origin } = node;
  if (origin?.state !== 'parked') return true;
  // Of the same part, in which it stands before.
  const first = run[0] as Node;
  return origin.struct.client === first.struct.client && origin.struct.clock >= first.struct.clock;
}

/** The parked ones among each client's nodes, those together that can be taken together. */
export function partsOf(nodes: ReadonlyMap<number, readonly Node[]>): ParkedPart[] {
  const parts: ParkedPart[] = [];
  for (const list of nodes.values()) {
    let run: Node[] = [];
    let before: Node | undefined;
    for (const node of list) {
      if (goesOn(node, run)) {
        run.push(node);
        continue;
      }
      if (run.length > 0) {
        parts.push(partOf(run, before));
        before = run.at(-1);
      }
      run = node.state === 'parked' ? [node] : [];
    }
    if (run.length > 0) parts.push(partOf(run, before));
  }
  return parts;
}
