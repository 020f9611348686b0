import { utf8Length } from '../../schemas/index.ts';

/** One line of well-formed text: white space and control characters become single spaces. May be empty. */
export function oneLine(value: string): string {
  let line = '';
  for (const character of value.toWellFormed()) {
    const code = character.codePointAt(0) ?? 0;
    line += code < 0x20 || code === 0x7f ? ' ' : character;
  }
  return line.replace(/\s+/gu, ' ').trim();
}

/** The longest beginning of the text of at most that many bytes of UTF-8; never half a character. */
function beginning(value: string, maxBytes: number): string {
  // Every UTF-16 unit is at least one byte, so this cut loses nothing that would fit.
  let end = Math.min(value.length, maxBytes);
  while (utf8Length(value.slice(0, end)) > maxBytes) {
    const excess = utf8Length(value.slice(0, end)) - maxBytes;
    end -= Math.max(1, Math.floor(excess / 3));
  }
  if (end < value.length && (value.charCodeAt(end) & 0xfc00) === 0xdc00) end--;
  return value.slice(0, end);
}

/** The text, or its beginning and `…` when it is longer than that many bytes. */
export function clip(value: string, maxBytes: number): string {
  return utf8Length(value) <= maxBytes ? value : `${beginning(value, maxBytes - 3).trimEnd()}…`;
}

/**
 * The text in parts of at most that many bytes, cut after a line where one ends in the last half of a part.
 * Joined, they are the text again.
 */
export function split(value: string, maxBytes: number): [string, ...string[]] {
  let rest = value.toWellFormed();
  const parts: string[] = [];
  while (utf8Length(rest) > maxBytes) {
    let part = beginning(rest, maxBytes);
    const newline = part.lastIndexOf('\n');
    if (newline > part.length / 2) part = part.slice(0, newline + 1);
    parts.push(part);
    rest = rest.slice(part.length);
  }
  const [first = rest, ...more] = [...parts, rest];
  return [first, ...more];
}

/** The items in runs whose JSON is at most that many bytes each; a larger single item stands alone. */
export function chunks<T>(items: readonly T[], maxBytes: number): T[][] {
  const runs: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = utf8Length(JSON.stringify(item)) + 1;
    const run = runs.at(-1);
    if (run && bytes + size <= maxBytes) {
      run.push(item);
      bytes += size;
    } else {
      runs.push([item]);
      bytes = size;
    }
  }
  return runs;
}
