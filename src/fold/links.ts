import { acyclicLinks, type Hash } from '../../schemas/index.ts';
import { compareText } from './order.ts';
import type { LinkState } from './types.ts';

/** The link graph: the links that hold, and those that would have closed a cycle. Both in the order of their stamps. */
export interface LinkGraph {
  readonly held: readonly LinkState[];
  readonly dropped: readonly LinkState[];
}

const inOrder = (a: LinkState, b: LinkState): number =>
  compareText(a.stamp, b.stamp) || compareText(a.op, b.op);

/**
 * Which links hold. They are taken by stamp, then hash; one that would close a cycle among those taken of its kind is
 * dropped, and so is a link to itself. The same link twice counts once. `related` has no direction: it always holds.
 */
export function resolveLinks(links: Iterable<LinkState>): LinkGraph {
  const held: LinkState[] = [];
  const dropped: LinkState[] = [];
  const targets = new Map<string, Hash[]>();
  const known = new Set<string>();
  const place = (kind: string, from: Hash): string => `${kind} ${from}`;
  for (const link of [...links].sort(inOrder)) {
    // A link that was dropped would be dropped again: the graph only grows.
    const at = place(link.kind, link.from);
    const name = `${at} ${link.to}`;
    if (known.has(name)) continue;
    known.add(name);
    const next = (id: Hash): Iterable<Hash> => targets.get(place(link.kind, id)) ?? [];
    if (acyclicLinks.includes(link.kind) && closesCycle(next, link.from, link.to)) {
      dropped.push(link);
      continue;
    }
    const to = targets.get(at);
    if (to === undefined) targets.set(at, [link.to]);
    else to.push(link.to);
    held.push(link);
  }
  return { held, dropped };
}

/**
 * Whether a link from `from` to `to` would close a cycle. `next` names the targets of the held links of its kind.
 * For a link whose stamp is above all others this decides as `resolveLinks` would on the whole set.
 */
export function closesCycle(next: (id: Hash) => Iterable<Hash>, from: Hash, to: Hash): boolean {
  if (from === to) return true;
  const seen = new Set<Hash>([to]);
  const open = [to];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const target of next(id)) {
      if (target === from) return true;
      if (seen.has(target)) continue;
      seen.add(target);
      open.push(target);
    }
  }
  return false;
}
