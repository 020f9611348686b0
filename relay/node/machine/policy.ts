import type { Hash } from '../../../schemas/index.ts';

/** A listening replica of one's own workspace on this machine. */
export interface Neighbour {
  readonly replica: Hash;
  /** Where it listens. */
  readonly url: string;
  /** A node: what all others of its workspace on this machine link with. */
  readonly node: boolean;
}

/** What is known when it is decided whom to dial. */
export interface Situation {
  readonly replica: Hash;
  readonly node: boolean;
  /** All that listen, without oneself. A directory that was copied shows as one with the same replica. */
  readonly neighbours: readonly Neighbour[];
  /** URLs to which a link stands that was dialled here. */
  readonly linked: ReadonlySet<string>;
  /** True when a node is known and has not been reached for a while. */
  readonly overdue: boolean;
}

/** A replica without a node links with so many before it and after it in the circle: four in all. */
const reach = 2;

const byReplica = (a: Neighbour, b: Neighbour): number =>
  a.replica === b.replica ? (a.url < b.url ? -1 : 1) : a.replica < b.replica ? -1 : 1;

/**
 * Those with whom a replica links: all replicas stand in a circle, sorted by id, and each links with the two on either
 * side. Everyone who sees the same circle sees the same links, and it stays whole when any one replica is missing.
 */
function beside(replica: Hash, others: readonly Neighbour[]): Neighbour[] {
  const circle = others.filter((one) => one.replica !== replica).sort(byReplica);
  const after = circle.findIndex((one) => one.replica > replica);
  const place = after < 0 ? circle.length : after;
  const near = new Set<Neighbour>();
  for (let step = 0; step < reach; step++) {
    const next = circle[(place + step) % circle.length];
    const before = circle[(place - 1 - step + 2 * circle.length) % circle.length];
    if (next) near.add(next);
    if (before) near.add(before);
  }
  return [...near];
}

/**
 * Whom to dial on this machine. Where a node runs, everyone dials it, and keeps what links it has until that link
 * stands; nodes link with each other. Without one, replicas link in a circle. Of two the lower id dials, so that there
 * is one link, unless the node is overdue: then both do, for the other may have given up this link for the node's.
 * Whoever has one's own id is dialled, so that a copied directory is found out.
 */
export function toDial({ replica, node, neighbours, linked, overdue }: Situation): Neighbour[] {
  const twins = neighbours.filter((one) => one.replica === replica);
  const others = neighbours.filter((one) => one.replica !== replica);
  const nodes = others.filter((one) => one.node).sort(byReplica);
  const lower = ({ replica: other }: Neighbour): boolean => replica < other;
  if (node) return [...twins, ...beside(replica, nodes).filter(lower)];
  const hub = nodes.find(({ url }) => linked.has(url)) ?? nodes[0];
  const circle = beside(
    replica,
    others.filter((one) => !one.node),
  );
  if (hub === undefined) return [...twins, ...circle.filter(lower)];
  if (linked.has(hub.url)) return [...twins, hub];
  return [...twins, hub, ...circle.filter((one) => overdue || lower(one))];
}
