/** A memory and how well it answers: 2 answers, 1 helps. */
export interface Judged {
  readonly id: string;
  readonly grade: number;
}

const discounted = (grades: readonly number[]): number =>
  grades.reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0);

/** The first `depth` of a ranking; what is named again earns nothing, and takes its place. */
const firstOf = (ranked: readonly string[], depth: number): (string | undefined)[] =>
  ranked.slice(0, depth).map((id, rank) => (ranked.indexOf(id) === rank ? id : undefined));

/**
 * Normalised discounted cumulative gain, 0 to 1: the grades of the first `depth`, each divided by log2(rank + 1), to
 * those of the best order there is. The gain is the grade itself, as in trec_eval.
 */
export function ndcg(ranked: readonly string[], relevant: readonly Judged[], depth: number): number {
  const grades = new Map(relevant.map(({ id, grade }) => [id, grade]));
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, depth);
  const found = firstOf(ranked, depth).map((id) => (id === undefined ? 0 : (grades.get(id) ?? 0)));
  return best.length === 0 ? 0 : discounted(found) / discounted(best);
}

/** The share of what is relevant, of whatever grade, that is among the first `depth`, 0 to 1. */
export function recall(ranked: readonly string[], relevant: readonly Judged[], depth: number): number {
  const wanted = new Set(relevant.map(({ id }) => id));
  const found = firstOf(ranked, depth).filter((id) => id !== undefined && wanted.has(id));
  return wanted.size === 0 ? 0 : found.length / wanted.size;
}
