import { applyEdits, type FormattingOptions, modify, type ParseError, parse } from 'jsonc-parser';

/** A settings file in JSON, comments allowed. What is not changed keeps every byte of it. */

type Path = readonly (string | number)[];

/** Why a text cannot be changed, in a few words. */
export class Unreadable extends Error {}

/** The value of the whole text; an empty object for a text with nothing in it. */
export function objectIn(text: string): object {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true, disallowComments: false });
  if (text.replace(/^\ufeff/, '').trim() === '') return {};
  if (errors.length > 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Unreadable('it is not one JSON object');
  return value;
}

/** What stands at a path; undefined where nothing does. */
export function at(text: string, path: Path): unknown {
  let value: unknown = objectIn(text);
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** Indented as the text is: by what its first indented line begins with. */
function formatting(text: string): FormattingOptions {
  const [, space = '  '] = /^([ \t]+)\S/m.exec(text) ?? [];
  return {
    insertSpaces: !space.startsWith('\t'),
    tabSize: space.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

/** The text with a value at a path; undefined takes it out, and with it what it leaves empty above it. */
export function put(text: string, path: Path, value: unknown): string {
  if (value === undefined) return without(text, path);
  if (text.trim() === '') {
    const nested = [...path].reverse().reduce<unknown>((inner, step) => ({ [step]: inner }), value);
    return `${JSON.stringify(nested, null, 2)}\n`;
  }
  return applyEdits(text, modify(text, [...path], value, { formattingOptions: formatting(text) }));
}

function without(text: string, path: Path): string {
  if (path.length === 0 || at(text, path) === undefined) return text;
  const above = path.slice(0, -1);
  const parent = at(text, above);
  const alone = typeof parent === 'object' && parent !== null && Object.keys(parent).length === 1;
  if (alone && above.length > 0) return without(text, above);
  return applyEdits(text, modify(text, [...path], undefined, { formattingOptions: formatting(text) }));
}
