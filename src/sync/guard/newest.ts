import type { Hash } from '../../../schemas/index.ts';
import type { LogDocument } from '../../log/document.ts';
import { lineOf, type Standing } from './here.ts';
import type { Node } from './order.ts';
import type { Place } from './types.ts';

/*
 * In a map without right origins the items of a key are a tree: an item is a child of the one that it follows. Yjs
 * keeps them in this order: an item before its children, children by client, the lowest first, with all that is below
 * them. The last one in this order is what shows; all others are deleted. Here the tree holds what new structs add;
 * of what stands already only the line to the last one matters.
 */

/** Items one after another, each following the one before: a run, or the line of a key in the document. */
interface Line {
  /** The new struct; undefined for the line in the document. */
  readonly node: Node | undefined;
  /** Items in it. */
  readonly length: number;
  /** The client of its item with this number. */
  clientAt(index: number): number;
  /** New structs by the number of the item that they follow; -1 is what comes before the first item of a key. */
  readonly children: Map<number, Node[]>;
  /** Numbers with children, ascending, from `next` on not yet passed. */
  spots: readonly number[] | undefined;
  next: number;
}

const runOf = (node: Node): Line => ({
  node,
  length: node.struct.length,
  clientAt: () => node.struct.client,
  children: new Map(),
  spots: undefined,
  next: 0,
});

/** The numbers of places on the line in the document. */
function numbering(line: readonly Standing[]): {
  length: number;
  clientAt(index: number): number;
  find(place: Place): number | undefined;
} {
  const starts: number[] = [];
  const byClient = new Map<number, number[]>();
  let length = 0;
  for (const [i, part] of line.entries()) {
    starts.push(length);
    length += part.length;
    const own = byClient.get(part.client);
    if (own) own.push(i);
    else byClient.set(part.client, [i]);
  }
  /** The last of some ascending numbers that is at most `most`. */
  const lastUpTo = (count: number, value: (i: number) => number, most: number): number => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value(middle) <= most) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return {
    length,
    clientAt: (index) => line[lastUpTo(starts.length, (i) => starts[i] as number, index)]?.client ?? -1,
    find({ client, clock }) {
      // What one client wrote later stands further down a line.
      const own = byClient.get(client) ?? [];
      const at = own[lastUpTo(own.length, (i) => line[own[i] as number]?.clock ?? 0, clock)];
      const part = at === undefined ? undefined : line[at];
      if (at === undefined || !part || clock >= part.clock + part.length) return undefined;
      return (starts[at] as number) + clock - part.clock;
    },
  };
}

export interface Newest {
  /** Adds a new struct; what it follows comes before it. */
  add(node: Node): void;
  /**
   * The new struct that would be the key's last, of those that are taken; undefined when that is none of them. What
   * was withheld since the call before doesn't count any more; nothing may be added between calls.
   */
  last(): Node | undefined;
}

/** What shows under one key when new structs are applied. */
export function createNewest(shown: LogDocument, key: Hash): Newest {
  const numbers = numbering(lineOf(shown, key));
  const trunk: Line = {
    node: undefined,
    length: numbers.length,
    clientAt: numbers.clientAt,
    children: new Map(),
    spots: undefined,
    next: 0,
  };
  const runs = new Map<Node, Line>();
  /** From the trunk to the last: each follows an item of the one before. */
  const way: Line[] = [trunk];

  /** The new struct that wins over what stands at this spot of a line. */
  function winner(line: Line, spot: number): Node | undefined {
    const children = line.children.get(spot) ?? [];
    while (children.at(-1)?.state === 'parked' || children.at(-1)?.state === 'dropped') children.pop();
    const best = children.at(-1);
    const rival = spot + 1 < line.length ? line.clientAt(spot + 1) : -1;
    return best && best.struct.client > rival ? best : undefined;
  }

  /** The first new struct that leads off a line: what follows an earlier item comes after all of the line's rest. */
  function turn(line: Line): Node | undefined {
    if (!line.spots) {
      line.spots = [...line.children.keys()].sort((a, b) => a - b);
      // Of one client's children the first stays last.
      for (const children of line.children.values())
        children.sort((a, b) => a.struct.client - b.struct.client || b.struct.clock - a.struct.clock);
    }
    for (; line.next < line.spots.length; line.next++) {
      const found = winner(line, line.spots[line.next] as number);
      if (found) return found;
    }
    return undefined;
  }

  return {
    add(node) {
      const { origin } = node.struct;
      runs.set(node, runOf(node));
      const line = node.origin ? runs.get(node.origin) : trunk;
      const spot = !origin
        ? -1
        : node.origin
          ? origin.clock - node.origin.struct.clock
          : numbers.find(origin);
      // What follows an item off the line is never last.
      if (!line || spot === undefined) return;
      const children = line.children.get(spot);
      if (children) children.push(node);
      else line.children.set(spot, [node]);
    },
    last() {
      for (let top = way.at(-1); top; top = way.at(-1)) {
        if (top.node && top.node.state !== 'taken') {
          way.pop();
          continue;
        }
        const found = turn(top);
        const next = found && runs.get(found);
        if (!next) return top.node;
        way.push(next);
      }
      return undefined;
    },
  };
}
