import type { Hash } from '../../../schemas/index.ts';
import type { CheckedValue } from './entry.ts';
import { type Place, Refusal, type Struct, type Wait } from './types.ts';

/** A struct that is new here, and what it depends on: the one before it, and the one that it follows. */
export interface Node {
  readonly struct: Struct;
  /** The new struct that it follows. */
  origin: Node | undefined;
  /** Those that come after it or follow it. */
  readonly dependents: Node[];
  /** New structs that it depends on and that are not in order yet. */
  missing: number;
  /** Items that its client wrote in sequence up to its end, each following the one before. */
  sequence: number;
  /** What it lacks that no new struct brings. */
  readonly waits: Wait[];
  state: 'open' | 'taken' | 'parked' | 'dropped';
  entry: CheckedValue | undefined;
  key: Hash | undefined;
  /** Whether the key was found in the document here, not in the update. */
  keyFromHere: boolean;
}

export const endOf = (struct: Struct): number => struct.clock + struct.length;

const newNode = (struct: Struct): Node => ({
  struct,
  origin: undefined,
  dependents: [],
  missing: 0,
  sequence: struct.length,
  waits: [],
  state: 'open',
  entry: undefined,
  key: struct.key,
  keyFromHere: false,
});

function depend(node: Node, on: Node): void {
  on.dependents.push(node);
  node.missing++;
}

/** The node that covers a place, of one client's nodes by clock. */
function covering(nodes: readonly Node[] | undefined, clock: number): Node | undefined {
  if (!nodes) return undefined;
  let low = 0;
  let high = nodes.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const node = nodes[middle] as Node;
    if (clock < node.struct.clock) high = middle - 1;
    else if (clock >= endOf(node.struct)) low = middle + 1;
    else return node;
  }
  return undefined;
}

export const waitFor = ({ client, clock }: Place): Wait => ({ for: 'item', client, clock });

/** Makes nodes of structs and ties them together. `clockOf`: the next clock of a client here, all below is here. */
export function link(
  structs: ReadonlyMap<number, readonly Struct[]>,
  clockOf: (client: number) => number,
): Map<number, Node[]> {
  const nodes = new Map<number, Node[]>();
  for (const [client, list] of structs) nodes.set(client, list.map(newNode));
  for (const [client, list] of nodes) {
    let before: Node | undefined;
    let next = clockOf(client);
    for (const node of list) {
      const { clock, origin } = node.struct;
      if (clock > next) node.waits.push(waitFor({ client, clock: clock - 1 }));
      if (before) depend(node, before);
      before = node;
      next = endOf(node.struct);
      if (!origin || origin.clock < clockOf(origin.client)) continue;
      node.origin = covering(nodes.get(origin.client), origin.clock);
      if (node.origin) depend(node, node.origin);
      else node.waits.push(waitFor(origin));
    }
  }
  return nodes;
}

/** Takes what `ready` holds and all that then depends on nothing else; what waits is left for later. */
function follow(ready: Node[], order: Node[], patient: boolean): void {
  for (let node = ready.pop(); node; node = ready.pop()) {
    order.push(node);
    for (const dependent of node.dependents)
      if (--dependent.missing === 0 && (patient || dependent.waits.length === 0)) ready.push(dependent);
  }
}

/**
 * Orders nodes so that each stands after what it depends on. `taken`: those that need nothing that isn't here.
 * `parked`: the others. Throws `Refusal` for structs that depend on each other in a circle.
 */
export function inOrder(nodes: ReadonlyMap<number, readonly Node[]>): { taken: Node[]; parked: Node[] } {
  const all = [...nodes.values()].flat();
  const taken: Node[] = [];
  follow(
    all.filter(({ missing, waits }) => missing === 0 && waits.length === 0),
    taken,
    false,
  );
  for (const node of taken) node.state = 'taken';
  const parked: Node[] = [];
  follow(
    all.filter(({ missing, waits }) => missing === 0 && waits.length > 0),
    parked,
    true,
  );
  for (const node of parked) node.state = 'parked';
  if (taken.length + parked.length < all.length) throw new Refusal('clock', 'structs depend on each other');
  return { taken, parked };
}

/** Marks a node and all that depends on it. */
export function withhold(node: Node, state: 'parked' | 'dropped', seen?: (node: Node) => void): void {
  const stack = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next.state === state || next.state === 'dropped') continue;
    next.state = state;
    seen?.(next);
    for (const dependent of next.dependents) stack.push(dependent);
  }
}
