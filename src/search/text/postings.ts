/**
 * Where a term stands: the documents by number, ascending, and how often in each, `times` packed: 12 bits of text, 8 of
 * title, 8 of tags.
 */
export interface Postings {
  readonly documents: Uint32Array;
  readonly times: Uint32Array;
}

const TEXT_MOST = 0xfff;
const OTHER_MOST = 0xff;
/** Once in the text and nowhere else, as most terms are. */
const ONCE = 1;

export const packed = (text: number, title: number, tags: number): number =>
  Math.min(text, TEXT_MOST) | (Math.min(title, OTHER_MOST) << 12) | (Math.min(tags, OTHER_MOST) << 20);
export const textTimes = (times: number): number => times & TEXT_MOST;
export const titleTimes = (times: number): number => (times >>> 12) & OTHER_MOST;
export const tagTimes = (times: number): number => times >>> 20;

export const noPostings: Postings = { documents: new Uint32Array(), times: new Uint32Array() };

let scratch = new Uint8Array(64 * 1024);

/**
 * A list as bytes: how many, then for each the step from the one before (the first from 0) with a bit that says whether
 * `times` follows. `pairs` has number and times in turn, ascending. Numbers take seven bits a byte.
 */
export function encodePostings(pairs: ArrayLike<number>): Uint8Array {
  const most = 5 + pairs.length * 6;
  if (scratch.length < most) scratch = new Uint8Array(most * 2);
  let at = 0;
  const write = (value: number): void => {
    let rest = value;
    while (rest > 0x7f) {
      scratch[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    scratch[at++] = rest;
  };
  write(pairs.length / 2);
  let before = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    const number = pairs[i] ?? 0;
    const times = pairs[i + 1] ?? ONCE;
    write((number - before) * 2 + (times === ONCE ? 0 : 1));
    if (times !== ONCE) write(times);
    before = number;
  }
  return scratch.slice(0, at);
}

/** How many a list has: all that its first bytes are read for. */
export const countOf = (bytes: Uint8Array): number => readCount(bytes, 0)[0];

function readCount(bytes: Uint8Array, from: number): [count: number, next: number] {
  let value = 0;
  let scale = 1;
  let at = from;
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('A list of the search index ends too early.');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at];
    scale *= 0x80;
  }
}

/**
 * Several lists, each beyond the one before, as one; `more` is the pairs beyond them all. Numbers from `end` on in the
 * lists are left out.
 */
export function joinPostings(
  lists: readonly Uint8Array[],
  end: number,
  more: readonly ArrayLike<number>[] = [],
): Postings {
  let room = 0;
  for (const list of lists) room += countOf(list);
  for (const pairs of more) room += pairs.length / 2;
  const documents = new Uint32Array(room);
  const times = new Uint32Array(room);
  let length = 0;
  for (const list of lists) {
    let [left, at] = readCount(list, 0);
    let number = 0;
    for (; left > 0; left--) {
      let step = list[at++] ?? 0;
      if (step > 0x7f) [step, at] = readCount(list, at - 1);
      number += step >>> 1;
      let often = ONCE;
      if ((step & 1) === 1) [often, at] = readCount(list, at);
      if (number >= end) break;
      documents[length] = number;
      times[length++] = often;
    }
    if (at > list.length) throw new RangeError('A list of the search index ends too early.');
  }
  for (const pairs of more)
    for (let i = 0; i < pairs.length; i += 2) {
      documents[length] = pairs[i] ?? 0;
      times[length++] = pairs[i + 1] ?? ONCE;
    }
  return { documents: documents.subarray(0, length), times: times.subarray(0, length) };
}

/** Where `number` stands in an ascending list; -1 when it does not. */
export function indexIn(documents: Uint32Array, number: number): number {
  let low = 0;
  let high = documents.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = documents[middle] ?? 0;
    if (found === number) return middle;
    if (found < number) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
