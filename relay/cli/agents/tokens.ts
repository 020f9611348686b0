/**
 * Tokens that a text may cost a model, told rather too many than too few, without a tokenizer: a word is a token for
 * each four letters, digits go in threes, a sign of its own is one, a space belongs to what follows, and what is not
 * ASCII costs one for every two bytes.
 */
export function tokens(text: string): number {
  let sum = 0;
  for (const [part] of text.matchAll(/[A-Za-z]+|[0-9]+| +|[\0-\u007f]|[^\0-\u007f]+/g)) {
    if (/^[A-Za-z]/.test(part)) sum += Math.ceil(part.length / 4);
    else if (/^[0-9]/.test(part)) sum += Math.ceil(part.length / 3);
    else if (part.startsWith(' ')) sum += part.length > 1 ? 1 : 0;
    else sum += Math.ceil(Buffer.byteLength(part) / 2);
  }
  return sum;
}
