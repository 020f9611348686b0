import { indexIn } from './postings.ts';

/** Documents that are in each of the lists, with the sum of their scores. */
export function together(
  lists: readonly { documents: Uint32Array; scores: Float32Array; weight: number }[],
): { documents: Uint32Array; scores: Float32Array; weight: number } {
  const [shortest, ...others] = [...lists].sort(
    (one, other) => one.documents.length - other.documents.length,
  );
  const documents: number[] = [];
  const scores: number[] = [];
  for (const [at, number] of (shortest?.documents ?? []).entries()) {
    let sum = shortest?.scores[at] ?? 0;
    let isInAll = true;
    for (const other of others) {
      const place = indexIn(other.documents, number);
      if (place < 0) {
        isInAll = false;
        break;
      }
      sum += other.scores[place] ?? 0;
    }
    if (!isInAll) continue;
    documents.push(number);
    scores.push(sum);
  }
  const weight = lists.reduce((sum, list) => sum + list.weight, 0);
  return { documents: Uint32Array.from(documents), scores: Float32Array.from(scores), weight };
}

/** Documents that are in any of the lists, with the sum of their scores, in order. */
export function either(lists: readonly { documents: Uint32Array; scores: Float32Array }[]): {
  documents: Uint32Array;
  scores: Float32Array;
} {
  const sums = new Map<number, number>();
  for (const { documents, scores } of lists)
    for (const [at, number] of documents.entries())
      sums.set(number, (sums.get(number) ?? 0) + (scores[at] ?? 0));
  const documents = Uint32Array.from(sums.keys()).sort();
  return { documents, scores: Float32Array.from(documents, (number) => sums.get(number) ?? 0) };
}
