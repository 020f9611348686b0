import type { SearchAnswer } from '../schemas/index.ts';

/** What whoever searched should know of the answer beside its results, a line each. */
export function aboutSearch({
  results,
  match,
  total,
  atLeast,
  missing = [],
  notes = [],
}: SearchAnswer): string[] {
  const few = results.length < total || atLeast === true;
  const isShort = match === 'any';
  const lacks = missing.map((word) => `"${word}"`).join(', ');
  return [
    ...(isShort ? ['nothing has all of these words; these have some'] : []),
    ...(lacks === '' ? [] : [`nothing has ${lacks}`]),
    ...(few ? [`${atLeast ? 'at least ' : ''}${total.toLocaleString('en')} in all`] : []),
    ...notes,
  ];
}
