/** Code points in order and apart: from, to, from, to … both ends inside. */
export type Characters = readonly number[];

const slash = 0x2f;
const last = 0x10ffff;
/** Halves of a pair stand for no character by themselves, and 0 ends a path where paths are kept. */
const surrogates: Characters = [0xd800, 0xdfff];

/** Sorts ranges, and joins those that touch. */
export function characters(ranges: readonly (readonly [from: number, to: number])[]): Characters {
  const all: number[] = [];
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const end = all.at(-1);
    if (end !== undefined && from <= end + 1) all[all.length - 1] = Math.max(end, to);
    else all.push(from, to);
  }
  return all;
}

/** Everything else. */
function besides(set: Characters): Characters {
  const all: number[] = [];
  let from = 0;
  for (let at = 0; at < set.length; at += 2) {
    const start = set[at] ?? 0;
    if (start > from) all.push(from, start - 1);
    from = (set[at + 1] ?? 0) + 1;
  }
  if (from <= last) all.push(from, last);
  return all;
}

export const only = (code: number): Characters => [code, code];

/** Every character of a name: all but the slash. */
export const ofNames: Characters = besides(
  characters([
    [0, 0],
    [slash, slash],
    [surrogates[0] ?? 0, surrogates[1] ?? 0],
  ]),
);

/** What two have in common. */
export function both(a: Characters, b: Characters): Characters {
  const all: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const from = Math.max(a[i] ?? 0, b[j] ?? 0);
    const to = Math.min(a[i + 1] ?? 0, b[j + 1] ?? 0);
    if (from <= to) all.push(from, to);
    if ((a[i + 1] ?? 0) < (b[j + 1] ?? 0)) i += 2;
    else j += 2;
  }
  return all;
}

/** Characters of names that are not among these. */
export const without = (set: Characters): Characters => both(ofNames, besides(set));

export function has(set: Characters, code: number): boolean {
  for (let at = 0; at < set.length; at += 2)
    if (code >= (set[at] ?? 0)) {
      if (code <= (set[at + 1] ?? 0)) return true;
    } else return false;
  return false;
}
