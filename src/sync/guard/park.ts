import type { Hash } from '../../../schemas/index.ts';
import { endOf, type Node } from './order.ts';
import type { ParkedPart, Wait } from './types.ts';
import { writeUpdate } from './write.ts';

function waitOf({ struct, wait, origin }: Node): Wait {
  if (wait) return wait;
  const { client, clock } = struct;
  if (origin?.state === 'parked' && struct.origin) return { for: 'item', ...placeOf(struct.origin) };
  return { for: 'item', client, clock: clock - 1 };
}

const placeOf = ({ client, clock }: { client: number; clock: number }) => ({ client, clock });

function partOf(nodes: readonly Node[]): ParkedPart {
  const first = nodes[0] as Node;
  const { client, clock } = first.struct;
  const keys: Hash[] = [];
  for (const { entry } of nodes) if (entry) keys.push(entry.key);
  const structs = nodes.map(({ struct }) => struct);
  const end = endOf(structs.at(-1) ?? first.struct);
  return {
    client,
    clock,
    end,
    wait: waitOf(first),
    keys,
    update: writeUpdate(new Map([[client, structs]])),
  };
}

/** The parked ones among each client's nodes, those in sequence together. */
export function partsOf(nodes: ReadonlyMap<number, readonly Node[]>): ParkedPart[] {
  const parts: ParkedPart[] = [];
  for (const list of nodes.values()) {
    let run: Node[] = [];
    for (const node of list) {
      const before = run.at(-1);
      if (before && (node.state !== 'parked' || endOf(before.struct) !== node.struct.clock)) {
        parts.push(partOf(run));
        run = [];
      }
      if (node.state === 'parked') run.push(node);
    }
    if (run.length > 0) parts.push(partOf(run));
  }
  return parts;
}
