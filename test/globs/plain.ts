/** The meaning of a glob written down as plainly as can be: braces are spelled out, then names are compared one by one. */
export function plainly(glob: string, path: string): boolean {
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) return false;
  // Two stars that come together only when braces are spelled out are two stars.
  return spelled(glob.replaceAll('**', everything)).some((one) => folders(one.split('/'), names));
}

const everything = '…';

/** Every way to spell the braces out, the innermost first. */
function spelled(glob: string): string[] {
  // What stands within brackets is no brace.
  const open = skipping(glob);
  const inner = /\{([^{}]*)\}/.exec(open);
  if (!inner) return [glob];
  const [all, ways = ''] = inner;
  const from = inner.index;
  const before = glob.slice(0, from);
  const after = glob.slice(from + all.length);
  let at = from + 1;
  return ways.split(',').flatMap((way) => {
    const text = glob.slice(at, at + way.length);
    at += way.length + 1;
    return spelled(before + text + after);
  });
}

/** The same with everything within brackets made plain. */
const skipping = (glob: string): string =>
  glob.replace(/\[[!^]?\]?[^\]]*\]/g, (brackets) => 'x'.repeat(brackets.length));

function folders(globs: readonly string[], names: readonly string[]): boolean {
  const [glob, ...others] = globs;
  if (glob === undefined) return names.length === 0;
  if (glob === everything)
    return names.some((_, i) => folders(others, names.slice(i))) || folders(others, []);
  const [name, ...rest] = names;
  return name !== undefined && fits([...glob], [...name]) && folders(others, rest);
}

function fits(glob: readonly string[], name: readonly string[]): boolean {
  const [part, ...others] = glob;
  if (part === undefined) return name.length === 0;
  if (part === '*') return fits(others, name) || (name.length > 0 && fits(glob, name.slice(1)));
  const [first, ...rest] = name;
  if (first === undefined) return false;
  if (part !== '[') return (part === '?' || part === first) && fits(others, rest);
  const not = others[0] === '!' || others[0] === '^';
  const begin = not ? 1 : 0;
  const close = others.indexOf(']', begin + 1);
  return isIn(others.slice(begin, close), first) !== not && fits(others.slice(close + 1), rest);
}

function isIn(members: readonly string[], one: string): boolean {
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? '';
    const to = members[i + 2];
    if (members[i + 1] === '-' && to !== undefined) {
      if (from <= one && one <= to) return true;
      i += 2;
    } else if (from === one) return true;
  }
  return false;
}
