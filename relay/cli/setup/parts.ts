import { at, objectIn, put, Unreadable } from './json.ts';

/** One part of ours in a file of another program: how it gets in, and how it comes out again. */
export interface Part {
  /** The text with the part in it, once. Throws `Unreadable` where it does not fit. */
  put(text: string): string;
  /** The text without it. */
  take(text: string): string;
}

/** Our entry among the servers of a JSON file. `path` is asked with the text, for programs that moved theirs. */
export const jsonEntry = (path: (text: string) => readonly string[], value: unknown): Part => ({
  put: (text) => {
    const where = path(text);
    return JSON.stringify(at(text, where)) === JSON.stringify(value) ? text : put(text, where, value);
  },
  take: (text) => put(text, path(text), undefined),
});

/** The command of a hook of ours, wherever this program lay when it was written. */
const ours = /(?:\bcoterie\b|relay[\\/]cli[\\/]main\.js).* hook [A-Z]/;

interface Hook {
  readonly [name: string]: unknown;
}

const hooksOf = (text: string, event: string): unknown[] => {
  const found = at(text, ['hooks', event]);
  if (found === undefined) return [];
  if (!Array.isArray(found)) throw new Unreadable(`its hooks of ${event} are no list`);
  return found;
};

/** A group with a hook of another in it is theirs. */
function isOurs(group: unknown): boolean {
  if (typeof group !== 'object' || group === null || !('hooks' in group)) return false;
  const { hooks } = group;
  if (!Array.isArray(hooks) || hooks.length === 0) return false;
  return hooks.every(
    (hook: { command?: unknown }) => typeof hook?.command === 'string' && ours.test(hook.command),
  );
}

/** Our hooks in a JSON file, in lists by event, each as the program writes a group of hooks. */
export const jsonHooks = (groups: Readonly<Record<string, Hook>>): Part => {
  const take = (text: string, events: readonly string[]): string => {
    let result = text;
    for (const event of events) {
      const found = hooksOf(result, event);
      for (let index = found.length - 1; index >= 0; index--)
        if (isOurs(found[index])) result = put(result, ['hooks', event, index], undefined);
      if (found.length > 0 && found.every(isOurs)) result = put(result, ['hooks', event], undefined);
    }
    return result;
  };
  const eventsIn = (text: string): string[] => {
    const all = at(text, ['hooks']);
    return typeof all === 'object' && all !== null ? Object.keys(all) : [];
  };
  return {
    put(text) {
      let result = text;
      for (const [event, group] of Object.entries(groups)) {
        const found = hooksOf(result, event);
        const [mine, ...more] = found.filter(isOurs);
        if (more.length === 0 && JSON.stringify(mine) === JSON.stringify(group)) continue;
        result = take(result, [event]);
        const rest = hooksOf(result, event);
        result =
          rest.length === 0
            ? put(result, ['hooks', event], [group])
            : put(result, ['hooks', event, rest.length], group);
      }
      return result;
    },
    take: (text) => {
      objectIn(text);
      return take(text, eventsIn(text));
    },
  };
};

/** A block between two lines that mark it, at the end of a text of lines. */
export const block = (begin: string, end: string, lines: readonly string[]): Part => {
  const around = (text: string): [number, number] | undefined => {
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from === -1 || to === -1) return undefined;
    const after = to + end.length;
    return [from, text.startsWith('\r\n', after) ? after + 2 : text[after] === '\n' ? after + 1 : after];
  };
  return {
    put(text) {
      const eol = text.includes('\r\n') ? '\r\n' : '\n';
      const written = `${[begin, ...lines, end].join(eol)}${eol}`;
      const place = around(text);
      if (place) return text.slice(0, place[0]) + written + text.slice(place[1]);
      if (text === '') return written;
      return `${text}${/\n$/.test(text) ? '' : eol}${eol}${written}`;
    },
    take(text) {
      const place = around(text);
      if (place === undefined) return text;
      const before = text.slice(0, place[0]).replace(/(\r?\n)\r?\n$/, '$1');
      return before + text.slice(place[1]);
    },
  };
};

/** A table of a TOML file, as a block: a table at the end of it is always right, unless there is one of that name. */
export const tomlTable = (servers: string, name: string, lines: readonly string[]): Part => {
  const inner = block(`# ${name}: begin (coterie setup)`, `# ${name}: end`, [
    `[${servers}.${name}]`,
    ...lines,
  ]);
  const table = new RegExp(`^\\s*\\[\\s*${servers}\\s*\\.\\s*["']?${name}["']?\\s*[.\\]]`, 'm');
  const inline = new RegExp(`^\\s*${servers}\\s*(?:\\.|=)`, 'm');
  return {
    put(text) {
      const others = inner.take(text);
      if (table.test(others)) throw new Unreadable(`it has a table ${servers}.${name} already`);
      if (inline.test(others)) throw new Unreadable(`it has ${servers} in another form than tables`);
      return inner.put(text);
    },
    take: inner.take,
  };
};
