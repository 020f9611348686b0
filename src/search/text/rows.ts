/** The rows. A list is kept in parts under the first number that may be in each, so that parts follow each other. */
const hex = (number: number): string => number.toString(16).padStart(8, '0');
export const LIST_END = '\u0000';
export const rows = {
  end: 'end',
  columns: (from: number) => `c${hex(from)}`,
  dead: (from: number) => `x${hex(from)}`,
  id: (number: number) => `d${hex(number)}`,
  content: (number: number) => `h${hex(number)}`,
  number: (id: string) => `i${id.toWellFormed()}`,
  term: (term: string, from: number) => `p${term}${LIST_END}${hex(from)}`,
  facet: (facet: string, from: number) => `f${facetName(facet)}${LIST_END}${hex(from)}`,
} as const;

/** Tags and labels are anybody's text. */
export const facetName = (facet: string): string => facet.replaceAll(LIST_END, ' ').toWellFormed();
export const rangeOf = (prefix: string): { gte: string; lt: string } => ({
  gte: prefix,
  lt: `${prefix}\u{10ffff}`,
});
export const listRange = (kind: 'p' | 'f', name: string) => ({
  gte: `${kind}${name}${LIST_END}`,
  lt: `${kind}${name}\u0001`,
});

export const encodeNumber = (number: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
};
export const decodeNumber = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
export const encodeNumbers = (numbers: readonly number[]): Uint8Array =>
  new Uint8Array(Uint32Array.from(numbers).buffer);
export const decodeNumbers = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer);

/** The hash of a content, and the number in the key of its row. */
export const encodeHash = (hash: string): Uint8Array => new Uint8Array(Buffer.from(hash, 'hex'));
export const decodeHash = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const numberIn = (key: string): number => Number.parseInt(key.slice(1), 16);
