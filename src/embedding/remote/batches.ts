/** How much goes into one request. */
export interface BatchSize {
  readonly texts: number;
  readonly characters: number;
}

/** The texts in their order, in groups that hold as much as may be; a text larger than that is alone. */
export function batchesOf(texts: readonly string[], most: BatchSize): string[][] {
  const batches: string[][] = [];
  let characters = 0;
  for (const text of texts) {
    const last = batches.at(-1);
    if (last && last.length < most.texts && characters + text.length <= most.characters) {
      last.push(text);
      characters += text.length;
    } else {
      batches.push([text]);
      characters = text.length;
    }
  }
  return batches;
}
