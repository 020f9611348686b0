import { both, type Characters, has } from './characters.ts';
import type { Glob, State } from './machine.ts';

/** How many steps may still be taken; whoever takes some counts them off. */
export interface Steps {
  left: number;
}

/** What two globs have in common: a path that both match, nothing, or that was not looked at to the end. */
export type Overlap = { readonly path: string } | 'apart' | 'unknown';

const slash = 0x2f;
const dot = 0x2e;

// How the name that is being read stands: it must have a character, and be neither `.` nor `..`.
const nothingYet = 0;
const freshName = 1;
const isDot = 2;
const isDots = 3;
const isName = 4;
const ways = 5;

/** How the name stands after a dot, and after another character. */
const afterDot = [isDot, isDot, isDots, isName, isName];

/** What two sets of characters have in common, as far as it makes a difference. */
interface Common {
  readonly slash: boolean;
  /** A character besides slash and dot; 0 for none. */
  readonly plain: number;
  readonly dot: boolean;
}

/** Pairs of states that were reached, each once, and how. */
class Search {
  readonly #a: Glob;
  readonly #b: Glob;
  readonly #wide: number;
  readonly #seen: Uint8Array;
  readonly #common: (Common | null)[] = [];
  readonly #queue: number[] = [];
  /** For each in the queue: which one it followed, and the character that it took (0 for none). */
  readonly #before: number[] = [];
  readonly #took: number[] = [];

  constructor(a: Glob, b: Glob) {
    this.#a = a;
    this.#b = b;
    this.#wide = b.states.length * ways;
    this.#seen = new Uint8Array(a.states.length * this.#wide);
    this.#visit(a.start, b.start, nothingYet, -1, 0);
  }

  run(steps: Steps): Overlap {
    for (let at = 0; at < this.#queue.length; at++) {
      if (steps.left-- <= 0) return 'unknown';
      if (this.#step(at)) return { path: this.#path(at) };
    }
    return 'apart';
  }

  #visit(s: number, t: number, name: number, before: number, took: number): void {
    const place = s * this.#wide + t * ways + name;
    if (this.#seen[place] === 1) return;
    this.#seen[place] = 1;
    this.#queue.push(place);
    this.#before.push(before);
    this.#took.push(took);
  }

  /** Goes on from one pair; true at the end of a path that both match. */
  #step(at: number): boolean {
    const place = this.#queue[at] ?? 0;
    const s = Math.floor(place / this.#wide);
    const t = Math.floor((place % this.#wide) / ways);
    const name = place % ways;
    const one = this.#a.states[s];
    const other = this.#b.states[t];
    if (!one || !other) return false;
    if (one.takes === undefined && s !== this.#a.end) {
      this.#visit(one.next, t, name, at, 0);
      if (one.or !== undefined) this.#visit(one.or, t, name, at, 0);
    } else if (other.takes === undefined && t !== this.#b.end) {
      this.#visit(s, other.next, name, at, 0);
      if (other.or !== undefined) this.#visit(s, other.or, name, at, 0);
    } else if (one.takes !== undefined && other.takes !== undefined) this.#take(one, other, name, at);
    else return s === this.#a.end && t === this.#b.end && name === freshName;
    return false;
  }

  /** One character that both take. */
  #take(one: State, other: State, name: number, at: number): void {
    const common = this.#commonOf(one.takes ?? 0, other.takes ?? 0);
    if (common === null) return;
    if (common.slash) {
      if (name === isName) this.#visit(one.next, other.next, freshName, at, slash);
      return;
    }
    if (common.plain > 0) this.#visit(one.next, other.next, isName, at, common.plain);
    if (common.dot) this.#visit(one.next, other.next, afterDot[name] ?? isName, at, dot);
  }

  /** Each two sets are compared once. */
  #commonOf(i: number, j: number): Common | null {
    const place = i * this.#b.sets.length + j;
    const known = this.#common[place];
    if (known !== undefined) return known;
    const set = both(this.#a.sets[i] ?? [], this.#b.sets[j] ?? []);
    const common =
      set.length === 0 ? null : { slash: set[0] === slash, plain: besidesDot(set), dot: has(set, dot) };
    this.#common[place] = common;
    return common;
  }

  #path(end: number): string {
    let path = '';
    for (let at = end; at >= 0; at = this.#before[at] ?? -1) {
      const took = this.#took[at] ?? 0;
      if (took > 0) path = String.fromCodePoint(took) + path;
    }
    return path.slice(0, -1);
  }
}

/**
 * Looks for a path that both match, in pairs of states, each looked at once: at most five times as many steps as the
 * product of their states.
 */
export function overlap(a: Glob, b: Glob, steps: Steps = { left: Number.POSITIVE_INFINITY }): Overlap {
  const shorter = Math.min(a.prefix.length, b.prefix.length);
  if (a.prefix.slice(0, shorter) !== b.prefix.slice(0, shorter)) return 'apart';
  return new Search(a, b).run(steps);
}

/** A character to show for a set: a letter if there is one, 0 when there is nothing but the dot. */
function besidesDot(set: Characters): number {
  for (const wanted of [0x61, 0x78, 0x30]) if (has(set, wanted)) return wanted;
  for (let at = 0; at < set.length; at += 2) {
    const from = set[at] ?? 0;
    const to = set[at + 1] ?? 0;
    // Where a range begins with control characters something that can be shown is better.
    const shown = from < 0x21 && to >= 0x21 ? 0x21 : from;
    if (shown !== dot) return shown;
    if (to > dot) return dot + 1 === slash ? dot + 2 : dot + 1;
  }
  return 0;
}

/**
 * Whether a glob matches a path: names with a slash between each two. A path of another form is matched by none. At
 * most as many steps as its characters times the states. False as well when no steps are left: then they are below 0.
 */
export function matches({ states, sets, start, end, prefix }: Glob, path: string, steps?: Steps): boolean {
  if (!path.startsWith(prefix) || !isPath(path)) return false;
  const reach = (into: Set<number>, from: number): void => {
    const open = [from];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      const state = states[one];
      if (state === undefined || into.has(one)) continue;
      into.add(one);
      if (state.takes !== undefined || one === end) continue;
      open.push(state.next);
      if (state.or !== undefined) open.push(state.or);
    }
  };
  let now = new Set<number>();
  reach(now, start);
  for (const character of `${path}/`) {
    const code = character.codePointAt(0) ?? 0;
    if (steps) steps.left -= now.size;
    if (steps && steps.left < 0) return false;
    const after = new Set<number>();
    for (const one of now) {
      const state = states[one];
      if (state?.takes !== undefined && has(sets[state.takes] ?? [], code)) reach(after, state.next);
    }
    if (after.size === 0) return false;
    now = after;
  }
  return now.has(end);
}

/** Names with a slash between each two, none of them empty, `.` or `..`. */
export const isPath = (path: string): boolean =>
  path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
