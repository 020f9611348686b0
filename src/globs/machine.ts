import { type Characters, ofNames, only } from './characters.ts';
import { type NoGlob, type Part, parse } from './parse.ts';

/** One state: it takes a character, or goes on to one of two states without taking any. */
export interface State {
  /** Which set of characters; undefined where it takes none. */
  readonly takes?: number | undefined;
  readonly next: number;
  /** The other one, where it takes none. */
  readonly or?: number | undefined;
}

/**
 * A glob as an automaton over paths in which every name ends with a slash: `src/a.ts` reads as `src/a.ts/`, so that
 * `**` is "names with their slashes, any number of them".
 */
export interface Glob {
  readonly text: string;
  readonly states: readonly State[];
  /** Sets of characters that states take, each once. */
  readonly sets: readonly Characters[];
  readonly start: number;
  /** The state in which a path is matched, at its end. */
  readonly end: number;
  /** What every path that it matches begins with. */
  readonly prefix: string;
}

export const isGlob = (glob: Glob | NoGlob): glob is Glob => 'states' in glob;

/** Where a state goes on: in the middle of things, and right after a `**`, whose last slash is taken already. */
interface Onward {
  readonly plain: number;
  /** Undefined where no `**` can come before. */
  readonly eaten: number | undefined;
}

const slash = only(0x2f);

/** A text as a glob, or why it is none. Takes time and space in proportion to its length. */
export function glob(text: string): Glob | NoGlob {
  const parts = parse(text);
  if (!Array.isArray(parts)) return parts as NoGlob;
  const states: State[] = [];
  const sets = new Map<string, { readonly at: number; readonly set: Characters }>();
  const taking = (set: Characters): number => {
    const name = set.join();
    const known = sets.get(name);
    if (known) return known.at;
    sets.set(name, { at: sets.size, set });
    return sets.size - 1;
  };
  const add = (state: State): number => states.push(state) - 1;
  const end = add({ next: 0 });

  const choice = (states: readonly number[]): number => {
    const [first = 0, ...others] = states;
    return others.reduce((one, or) => (one === or ? one : add({ next: one, or })), first);
  };

  /** Built from its end: each part knows where to go on. */
  function build(all: readonly Part[], onward: Onward): Onward {
    let after = onward;
    for (let i = all.length - 1; i >= 0; i--) after = part(all[i] as Part, after);
    return after;
  }

  function part(one: Part, onward: Onward): Onward {
    switch (one.is) {
      case 'one':
        return { plain: add({ takes: taking(one.of), next: onward.plain }), eaten: undefined };
      case 'some':
        return { plain: loop(onward.plain), eaten: undefined };
      case 'slash':
        return { plain: add({ takes: taking(slash), next: onward.plain }), eaten: onward.plain };
      case 'folders':
        return { plain: folders(onward.eaten ?? onward.plain), eaten: undefined };
      case 'either': {
        const ways = one.of.map((way) => build(way, onward));
        const eaten = ways.flatMap((way) => way.eaten ?? []);
        return {
          plain: choice(ways.map((way) => way.plain)),
          eaten: eaten.length > 0 ? choice(eaten) : undefined,
        };
      }
    }
  }

  /** Any number of characters of a name. */
  function loop(next: number): number {
    const here = add({ next: 0, or: next });
    states[here] = { next: add({ takes: taking(ofNames), next: here }), or: next };
    return here;
  }

  /** Any number of names, each with its slash. */
  function folders(next: number): number {
    const here = add({ next: 0, or: next });
    const more = loop(add({ takes: taking(slash), next: here }));
    states[here] = { next: add({ takes: taking(ofNames), next: more }), or: next };
    return here;
  }

  const finish: Onward = { plain: add({ takes: taking(slash), next: end }), eaten: end };
  const { plain: start } = build(parts as readonly Part[], finish);
  return {
    text,
    states,
    sets: [...sets.values()].map(({ set }) => set),
    start,
    end,
    prefix: prefixOf(parts as readonly Part[]),
  };
}

/** The characters that stand for themselves, up to the first that does not. */
function prefixOf(parts: readonly Part[]): string {
  let prefix = '';
  for (const [i, one] of parts.entries()) {
    if (one.is === 'slash') {
      // `src/**` is also `src`.
      if (parts[i + 1]?.is === 'folders' || parts[i + 1]?.is === 'either') return prefix;
      prefix += '/';
    } else if (one.is === 'one' && one.of.length === 2 && one.of[0] === one.of[1])
      prefix += String.fromCodePoint(one.of[0] ?? 0);
    else return prefix;
  }
  return prefix;
}
