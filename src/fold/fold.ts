import type { Hash } from '../../schemas/index.ts';
import { type Causality, compare, order } from './order.ts';
import { type Applied, counted, rejected } from './shared.ts';
import type { Element, Op, Past, SubjectState, Verdict } from './types.ts';

/** How one kind of subject folds. Both functions are pure; `past` is what the operation saw of its subject. */
export interface SubjectFold<S extends SubjectState> {
  readonly kind: S['kind'];
  /** Type of the operation that makes a subject of this kind. */
  readonly creation: string;
  /** `past` is only there to remember first values by. */
  create(op: Op, past?: Past): S;
  apply(state: S, op: Op, past: Past): Applied<S>;
}

export interface Folded<S> {
  /** Undefined when nothing of the set makes the subject. */
  readonly state: S | undefined;
  /** What became of each operation of the set. */
  readonly verdicts: Map<Hash, Verdict>;
}

/**
 * Folds the operations of one subject, in any order, repeats welcome. `admitted` is what membership says of an
 * operation: one that it rejects changes nothing, yet keeps its place in the causal graph and among the heads.
 * `initial` is the state of a subject that exists without a creation.
 */
export function foldSubject<S extends SubjectState>(
  fold: SubjectFold<S>,
  ops: readonly Op[],
  admitted: (op: Op) => Verdict | undefined,
  initial?: S,
): Folded<S> {
  const creation = initial === undefined ? rootOf(ops, (op) => isCreation(fold, op)) : undefined;
  const graph = order(ops, creation?.hash);
  const pasts = new Walk(graph, initial?.id);
  const verdicts = new Map<Hash, Verdict>();
  let state = initial;
  for (const [index, op] of graph.ops.entries()) {
    const step = stepOf(fold, state, op, pasts.at(index), admitted(op), op === creation);
    state = step.state;
    verdicts.set(op.hash, step.verdict);
  }
  if (state !== undefined && graph.ops.length > 0)
    state = {
      ...state,
      heads: graph.heads,
      operations: (initial?.operations ?? 0) + graph.ops.length,
    };
  return { state, verdicts };
}

/**
 * One more operation on top of a folded state, when it saw all of that state: exactly what a fold of the whole set
 * gives, at the price of one operation. Undefined means "refold": something was made apart from it.
 */
export function extendSubject<S extends SubjectState>(
  fold: SubjectFold<S>,
  state: S,
  op: Op,
  verdict?: Verdict,
): { readonly state: S; readonly verdict: Verdict } | undefined {
  if (op.header.after.length < state.heads.length) return undefined;
  if (!state.heads.every((head) => op.header.after.includes(head))) return undefined;
  const step = stepOf(fold, state, op, everything, verdict, false);
  return {
    state: { ...(step.state ?? state), heads: [op.hash], operations: state.operations + 1 },
    verdict: step.verdict,
  };
}

/** The creation of a subject: the lowest one of the set, if hostile input brings several. */
export function rootOf<O extends Op>(ops: Iterable<O>, is: (op: O) => boolean): O | undefined {
  let root: O | undefined;
  for (const op of ops) if (is(op) && (root === undefined || compare(op, root) < 0)) root = op;
  return root;
}

const isCreation = (fold: { readonly creation: string }, op: Op): boolean =>
  op.header.type === fold.creation && op.header.subject === '';

function stepOf<S extends SubjectState>(
  fold: SubjectFold<S>,
  state: S | undefined,
  op: Op,
  past: Past,
  verdict: Verdict | undefined,
  creates: boolean,
): { readonly state: S | undefined; readonly verdict: Verdict } {
  if (verdict?.state === 'rejected') return { state, verdict };
  if (creates) return { state: fold.create(op, past), verdict: counted };
  if (state === undefined) return { state, verdict: rejected('not_found', 'there is nothing of that id') };
  if (isCreation(fold, op)) return { state, verdict: rejected('schema', 'it was made already') };
  return fold.apply(state, op, past);
}

/** The past of an operation that saw all there is: what shows is what there is, and nothing needs to be remembered. */
export const everything: Past = {
  has: () => true,
  shows: (_cell, now) => now,
  changed: () => undefined,
};

/** An element of a cell, ended or not, and where in the order that happened. */
interface Remembered {
  readonly element: Element;
  readonly at: number;
  readonly endedAt: number[];
}

/**
 * Gives the past of each operation in turn. Cells are remembered with all that was ever in them, so that an
 * operation with an old base is judged by what that base showed.
 */
class Walk {
  readonly #graph: Causality<Op>;
  /** A subject without a creation: its first values are in everyone's past. */
  readonly #given: Hash | undefined;
  readonly #cells = new Map<string, Map<Hash, Remembered>>();

  constructor(graph: Causality<Op>, given: Hash | undefined) {
    this.#graph = graph;
    this.#given = given;
  }

  at(index: number): Past {
    const graph = this.#graph;
    const all = graph.seesAll(index);
    return {
      has: (hash) => {
        if (hash === this.#given) return true;
        const other = graph.indexOf.get(hash);
        return other !== undefined && graph.sees(index, other);
      },
      shows: (cell, now) => (all ? now : this.#shown(cell, index)),
      changed: (cell, ended, added) => this.#remember(cell, index, ended, added),
    };
  }

  #shown<T extends Element>(cell: string, index: number): readonly T[] {
    const shown: T[] = [];
    for (const remembered of this.#cells.get(cell)?.values() ?? []) {
      // Most of what an old cell holds was ended long ago: that is asked first.
      if (this.#seesAny(index, remembered.endedAt) || !this.#graph.sees(index, remembered.at)) continue;
      // A cell holds elements of one type: `changed` of the same name put them there.
      shown.push(remembered.element as T);
    }
    return shown;
  }

  #seesAny(index: number, others: readonly number[]): boolean {
    for (const other of others) if (this.#graph.sees(index, other)) return true;
    return false;
  }

  #remember(cell: string, index: number, ended: readonly Element[], added: Element | undefined): void {
    let elements = this.#cells.get(cell);
    if (elements === undefined) {
      elements = new Map();
      this.#cells.set(cell, elements);
    }
    for (const { op } of ended) elements.get(op)?.endedAt.push(index);
    if (added !== undefined) elements.set(added.op, { element: added, at: index, endedAt: [] });
  }
}
