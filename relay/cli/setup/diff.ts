/** Lines of a text, each with its end: a last line without one differs from one that has it. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Lines around a change that are shown, and the most that are compared line by line. */
const AROUND = 3;
const MOST = 2000;

type Line = readonly [sign: ' ' | '-' | '+', text: string];

/** What is taken out and put in, by the longest lines that both have in one order. */
function compared(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const olds = before.slice(start, before.length - end);
  const news = after.slice(start, after.length - end);
  const kept = (text: string): Line => [' ', text];
  return [
    ...before.slice(0, start).map(kept),
    ...middle(olds, news),
    ...before.slice(before.length - end).map(kept),
  ];
}

function middle(olds: readonly string[], news: readonly string[]): Line[] {
  if (olds.length * news.length > MOST * MOST)
    return [...olds.map((text): Line => ['-', text]), ...news.map((text): Line => ['+', text])];
  const common = Array.from({ length: olds.length + 1 }, () => new Uint32Array(news.length + 1));
  const cell = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = olds.length - 1; i >= 0; i--)
    for (let j = news.length - 1; j >= 0; j--) {
      const row = common[i];
      if (row)
        row[j] = olds[i] === news[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < olds.length || j < news.length) {
    const [old, next] = [olds[i], news[j]];
    if (old !== undefined && old === next) {
      lines.push([' ', old]);
      i++;
      j++;
    } else if (next === undefined || (old !== undefined && cell(i + 1, j) >= cell(i, j + 1))) {
      lines.push(['-', old ?? '']);
      i++;
    } else {
      lines.push(['+', next]);
      j++;
    }
  }
  return lines;
}

/** A unified diff of two texts; empty where they are equal. `before` undefined: there was no file. */
export function diff(path: string, before: string | undefined, after: string | undefined): string {
  const lines = compared(linesOf(before ?? ''), linesOf(after ?? ''));
  const changed = lines.flatMap(([sign], index) => (sign === ' ' ? [] : [index]));
  if (changed.length === 0) return '';
  const parts = [
    `--- ${before === undefined ? '/dev/null' : path}`,
    `+++ ${after === undefined ? '/dev/null' : path}`,
  ];
  for (let from = 0; from < changed.length; ) {
    let to = from;
    while (to + 1 < changed.length && (changed[to + 1] ?? 0) - (changed[to] ?? 0) <= 2 * AROUND) to++;
    const first = Math.max(0, (changed[from] ?? 0) - AROUND);
    const last = Math.min(lines.length, (changed[to] ?? 0) + AROUND + 1);
    const hunk = lines.slice(first, last);
    const place = (sign: '-' | '+') => {
      const length = hunk.filter(([one]) => one === ' ' || one === sign).length;
      const start = lines.slice(0, first).filter(([one]) => one === ' ' || one === sign).length;
      return `${sign}${length === 0 ? start : start + 1},${length}`;
    };
    parts.push(`@@ ${place('-')} ${place('+')} @@`);
    for (const [sign, text] of hunk)
      parts.push(
        text.endsWith('\n') ? `${sign}${text.slice(0, -1)}` : `${sign}${text}\n\\ No newline at end of file`,
      );
    from = to + 1;
  }
  return `${parts.join('\n')}\n`;
}
