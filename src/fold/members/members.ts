import type { Hash } from '../../../schemas/index.ts';
import { everything, rootOf } from '../fold.ts';
import { type Causality, order } from '../order.ts';
import { counted, rejected, speaker } from '../shared.ts';
import type { FrontierMap, MembersState, Narrowing, Op, Past, Verdict } from '../types.ts';
import { admitReplica, createInvite, createMember, genesis } from './admission.ts';
import { bindReplica, grantRole, handOver, redactText, updateMember } from './change.ts';
import { begin, type Folding } from './draft.ts';
import { beginEpoch } from './epochs.ts';
import { createGroup, updateGroup } from './groups.ts';
import { listed } from './judge.ts';
import { narrow, narrowing, settle } from './narrow.ts';
import type { MemberId, Scene } from './scene.ts';
import { type Sight, standing } from './standing.ts';

/** The members log, folded whole and extended one operation at a time. */
export interface MembersLog {
  /** Changes in place as operations are added; the state of one member or replica in it never does. */
  readonly state: MembersState;
  /**
   * Folds one more operation in. `refold` means that nothing happened: something here comes after it in the order, or
   * names it, or it narrows, so that others must be judged again. Then fold the whole log anew.
   */
  add(op: Op): Verdict | 'refold';
}

/** An empty members log. `Op.role` is not read: roles are what this log is about. */
export const createMembers = (memberId: MemberId): MembersLog =>
  extendable(begin(), memberId, order<Op>([], undefined), false);

/** Folds a members log, in any order, repeats welcome. */
export function foldMembers(
  memberId: MemberId,
  ops: readonly Op[],
): { readonly log: MembersLog; readonly verdicts: Map<Hash, Verdict> } {
  const graph = order(ops, rootOf(ops, isGenesis)?.hash);
  const first = run(graph, memberId, begin(), undefined);
  if (first.folding.draft.frontiers.length === 0)
    return { log: extendable(first.folding, memberId, graph, false), verdicts: first.verdicts };
  // What was narrowed may have been used beyond its frontier by operations that come before the narrowing in the
  // order: they are judged again, with every ending known, and what rests on them falls with them.
  const settled: Settled = new Map(first.folding.draft.frontiers.map((one) => [one.op, one]));
  const second = run(graph, memberId, begin(first.folding.ends), settled);
  for (const [hash, verdict] of first.verdicts)
    if (narrowing(graph.ops[graph.indexOf.get(hash) ?? 0]?.header.type ?? '') !== undefined)
      second.verdicts.set(hash, verdict);
  return { log: extendable(second.folding, memberId, graph, true), verdicts: second.verdicts };
}

/** Narrowings that count, from the first pass. */
type Settled = ReadonlyMap<Hash, Narrowing>;

const isGenesis = ({ header }: Op): boolean => header.type === 'workspace.genesis' && header.workspace === '';

/** `narrowed`: something was taken away, so that what is made apart from that is judged by its frontier too. */
function extendable(
  folding: Folding,
  memberId: MemberId,
  folded: Causality<Op>,
  narrowed: boolean,
): MembersLog {
  const { draft } = folding;
  let graph = folded;
  let followed: Set<Hash> | undefined;

  /** Operations that a frontier lists, or that another follows in its chain: for more than themselves they matter. */
  function followedOnes(): Set<Hash> {
    followed ??= new Set([
      ...graph.ops.map(({ header }) => header.prev),
      ...draft.frontiers.flatMap(({ frontier }) =>
        Object.values(frontier).flatMap((logs) => Object.values(logs).flat()),
      ),
    ]);
    return followed;
  }

  function first(op: Op): Verdict | 'refold' {
    if (graph.ops.length > 0 || !isGenesis(op)) return 'refold';
    graph = order([op], op.hash);
    const verdict = step(folding, op, everything, seenOnly(everything), memberId);
    draft.heads = graph.heads;
    return verdict;
  }

  return {
    state: draft,
    add(op) {
      const { prev, type } = op.header;
      if (narrowing(type) !== undefined) return 'refold';
      if (draft.workspace === '') return first(op);
      if (followedOnes().has(op.hash) || !graph.append(op)) return 'refold';
      followedOnes().add(prev);
      const past = pastAt(graph, graph.ops.length - 1);
      const alone = !narrowed || type === 'redact';
      const sight = alone ? seenOnly(past) : seenWithin(past, () => false);
      const verdict = step(folding, op, past, sight, memberId);
      draft.heads = graph.heads;
      return verdict;
    },
  };
}

/** One pass over the whole log. On the second, narrowings are `settled` and all endings are known from the start. */
function run(
  graph: Causality<Op>,
  memberId: MemberId,
  folding: Folding,
  settled: Settled | undefined,
): { readonly folding: Folding; readonly verdicts: Map<Hash, Verdict> } {
  const verdicts = new Map<Hash, Verdict>();
  const reaches = chains(graph);
  for (const [index, op] of graph.ops.entries()) {
    const past = pastAt(graph, index);
    const narrows = settled !== undefined && narrowing(op.header.type) !== undefined;
    if (narrows) {
      const narrowed = settled.get(op.hash);
      if (narrowed !== undefined) settle(folding, op, narrowed);
      continue;
    }
    const within = (frontier: FrontierMap): boolean => reaches(op.hash, listed(frontier, op.header));
    // A removal that counted once is never undone: text that is gone can't come back.
    const alone = settled === undefined || op.header.type === 'redact';
    const sight = alone ? seenOnly(past) : seenWithin(past, within);
    verdicts.set(op.hash, step(folding, op, past, sight, memberId));
  }
  folding.draft.heads = graph.heads;
  return { folding, verdicts };
}

type Seen = Pick<Past, 'has'>;

/** Judges by what the past shows and nothing else. */
const seenOnly =
  (past: Seen): Sight =>
  (grant) => {
    if (!past.has(grant.op)) return 'unseen';
    return grant.ended.some((end) => past.has(end.op)) ? 'ended' : 'holds';
  };

/** The same, and a narrowing made apart ends what it ended, unless the operation is within its frontier. */
const seenWithin =
  (past: Seen, within: (frontier: FrontierMap) => boolean): Sight =>
  (grant) => {
    if (!past.has(grant.op)) return 'unseen';
    return grant.ended.some((end) => past.has(end.op) || !within(end.frontier)) ? 'ended' : 'holds';
  };

function pastAt(graph: Causality<Op>, index: number): Seen {
  return {
    has: (hash) => {
      const other = graph.indexOf.get(hash);
      return other !== undefined && graph.sees(index, other);
    },
  };
}

/** Whether an operation is one of these or before one of them in its chain, by the links of `prev` in this log. */
function chains(graph: Causality<Op>): (hash: Hash, last: readonly Hash[]) => boolean {
  const before = new Map<Hash, ReadonlySet<Hash>>();
  const chainOf = (last: Hash): ReadonlySet<Hash> => {
    const known = before.get(last);
    if (known !== undefined) return known;
    const chain = new Set<Hash>();
    for (let at: Hash | undefined = last; at !== undefined && !chain.has(at); ) {
      const index = graph.indexOf.get(at);
      if (index === undefined) break;
      chain.add(at);
      at = graph.ops[index]?.header.prev;
    }
    before.set(last, chain);
    return chain;
  };
  return (hash, last) => last.some((one) => chainOf(one).has(hash));
}

function step(folding: Folding, op: Op, past: Seen, sight: Sight, memberId: MemberId): Verdict {
  const { type } = op.header;
  if (type === 'workspace.genesis') {
    if (folding.draft.workspace !== '' || !isGenesis(op))
      return rejected('schema', 'a members log has one genesis');
    return genesis(folding, op);
  }
  if (folding.draft.workspace === '') return rejected('not_found', 'the log has no genesis');
  folding.authors.set(op.hash, speaker(op.header));
  if (type === 'replica.admit') return admitReplica({ folding, op, past, sight, role: undefined, memberId });
  const found = standing(op.header, folding.draft, sight);
  if (found.is === 'unknown') return rejected('permission', 'its replica was not admitted in what it saw');
  if (found.is === 'refused') return found.verdict;
  const scene: Scene = { folding, op, past, sight, role: found.role, memberId };
  const narrows = narrowing(type);
  return narrows === undefined ? act(scene) : narrow(scene, narrows);
}

function act(scene: Scene): Verdict {
  switch (scene.op.header.type) {
    case 'invite.create':
      return createInvite(scene);
    case 'member.create':
      return createMember(scene);
    case 'member.update':
      return updateMember(scene);
    case 'replica.bind':
      return bindReplica(scene);
    case 'role.grant':
      return grantRole(scene);
    case 'arbiter.handover':
      return handOver(scene);
    case 'redact':
      return redactText(scene);
    case 'group.create':
      return createGroup(scene);
    case 'group.update':
      return updateGroup(scene);
    case 'epoch.begin':
      return beginEpoch(scene);
    // It ties heads together.
    case 'join':
      return counted;
    default:
      return rejected('schema', `${scene.op.header.type} has no place in the members log`);
  }
}
