import type { Columns, Lengths } from './columns.ts';
import { type Postings, tagTimes, textTimes, titleTimes } from './postings.ts';

/** BM25 with a weight for each field: how soon a repeated word stops counting, and how much a long field counts less. */
const SATURATION = 1.2;
const LENGTH = 0.75;
/** What a word in the title or a tag counts, when one in the text counts 1. */
const TITLE = 2.5;
const TAGS = 2;

/** What a word tells that so many of all documents have. */
export const weightOf = (having: number, all: number): number =>
  Math.log(1 + (Math.max(0, all - having) + 0.5) / (having + 0.5));

/** Scores the documents of one list, each times `weight`. */
export function scored(
  { documents, times }: Postings,
  columns: Columns,
  [textMean, titleMean, tagsMean]: Lengths,
  weight: number,
): Float32Array {
  const scores = new Float32Array(documents.length);
  const { text, title, tags } = columns;
  for (let i = 0; i < documents.length; i++) {
    const number = documents[i] ?? 0;
    const often = times[i] ?? 1;
    let amount = textTimes(often) / (1 - LENGTH + (LENGTH * (text[number] ?? 0)) / textMean);
    if (often > 0xfff) {
      const inTitle = titleTimes(often);
      if (inTitle > 0)
        amount += (TITLE * inTitle) / (1 - LENGTH + (LENGTH * (title[number] ?? 0)) / titleMean);
      const inTags = tagTimes(often);
      if (inTags > 0) amount += (TAGS * inTags) / (1 - LENGTH + (LENGTH * (tags[number] ?? 0)) / tagsMean);
    }
    scores[i] = (weight * amount * (SATURATION + 1)) / (amount + SATURATION);
  }
  return scores;
}
