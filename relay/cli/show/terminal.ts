/** What output for people depends on. */
export interface View {
  readonly color: boolean;
  /** Columns; undefined when stdout is no terminal: then nothing is cut, for programs read it. */
  readonly width: number | undefined;
  /** Milliseconds since 1970, for relative times. */
  readonly now: number;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Tint = keyof typeof codes;

/** Text in a colour, where the view has any. */
export const tint = (view: View, color: Tint, text: string): string =>
  view.color && text !== '' ? `\u001b[${codes[color]}m${text}\u001b[0m` : text;

// Built from numbers: control characters in a literal are what this is there to remove.
const range = (from: number, to: number) => `${String.fromCharCode(from)}-${String.fromCharCode(to)}`;
const controls = new RegExp(
  `[${range(0, 8)}${range(11, 31)}${range(127, 159)}\u200e\u200f${range(0x202a, 0x202e)}${range(0x2066, 0x2069)}]`,
  'g',
);

/** Text from others, safe for a terminal: no escape sequences, no changes of direction. Line ends and tabs stay. */
export const clean = (text: string): string => text.replace(/\r\n/g, '\n').replace(controls, '\ufffd');

/** As `clean`, on one line. */
export const oneLine = (text: string): string => clean(text).replace(/\s+/g, ' ').trim();

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const zero = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const ascii = /^[\u0020-\u007e]*$/;

let segmenter: Intl.Segmenter | undefined;

/** What a person takes for one character: a letter with its marks, a family, a flag. */
function characters(text: string): Iterable<string> {
  if (ascii.test(text)) return text;
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const widthOf = (character: string): number => (zero.test(character) ? 0 : wide.test(character) ? 2 : 1);

/** Columns that a text takes, near enough for tables. */
export function columns(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of characters(text)) width += widthOf(character);
  return width;
}

/** The beginning of a text that fits, with a dot-dot-dot where something was cut. */
export function shorten(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const character of characters(text)) {
    const next = widthOf(character);
    if (used + next > width - 1) break;
    kept += character;
    used += next;
  }
  return `${kept}…`;
}

/** One column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly of: (item: T) => string;
  readonly tint?: Tint | ((item: T) => Tint | undefined);
  /** True for the one column that gives way when the terminal is narrow. */
  readonly gives?: boolean;
  readonly right?: boolean;
}

const GAP = '  ';
const LEAST = 12;

/** Widths that fit the terminal: one column gives way, and once it is narrow the widest do, the last of them first. */
function fitting<T>(
  wanted: readonly number[],
  shape: readonly Column<T>[],
  room: number | undefined,
): readonly number[] {
  if (room === undefined) return wanted;
  const widths = [...wanted];
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - room;
  const giving = shape.findIndex((column) => column.gives);
  const own = widths[giving] ?? 0;
  if (over > 0 && own > LEAST) {
    widths[giving] = Math.max(LEAST, own - over);
    over -= own - (widths[giving] ?? 0);
  }
  for (; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= 1) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

/** A table that fits the terminal: what is too long for its column ends in a dot-dot-dot. Piped, nothing is cut. */
export function table<T>(items: readonly T[], shape: readonly Column<T>[], view: View): string {
  const cells = items.map((item) => shape.map((column) => oneLine(column.of(item))));
  const wanted = shape.map((column, index) =>
    Math.max(columns(column.title), ...cells.map((row) => columns(row[index] ?? ''))),
  );
  const widths = fitting(wanted, shape, view.width);
  const line = (texts: readonly string[], color: (index: number) => Tint | undefined) =>
    texts
      .map((text, index) => {
        const width = widths[index] ?? 0;
        const shown = view.width === undefined ? text : shorten(text, width);
        const blank = ' '.repeat(Math.max(0, width - columns(shown)));
        const chosen = color(index);
        const painted = chosen ? tint(view, chosen, shown) : shown;
        return shape[index]?.right ? `${blank}${painted}` : `${painted}${blank}`;
      })
      .join(GAP)
      .trimEnd();
  const head = line(
    shape.map((column) => column.title),
    () => 'dim',
  );
  const body = items.map((item, row) =>
    line(cells[row] ?? [], (index) => {
      const color = shape[index]?.tint;
      return typeof color === 'function' ? color(item) : color;
    }),
  );
  return [head, ...body].join('\n');
}

/** Every line of a text moved to the right. */
export const indent = (text: string, by = '  '): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : by + line))
    .join('\n');

/** `1 message`, `2 messages`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;

/** Name and value, aligned; those without a value are left out. */
export function facts(pairs: readonly (readonly [string, string | undefined])[], view: View): string {
  const shown = pairs.filter(
    (pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const width = Math.max(0, ...shown.map(([name]) => columns(name)));
  return shown.map(([name, value]) => `${tint(view, 'dim', name.padEnd(width))}  ${value}`).join('\n');
}
