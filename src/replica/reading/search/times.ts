/** From its first millisecond to the one after its last, ms. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * What a time in a query stands for: a year, a month or a day, in UTC; a time of a day; or a moment so long before now,
 * as `2h` or `3d`. Undefined for anything else.
 */
export function spanOf(text: string, now: number): Span | undefined {
  const ago = /^(\d{1,6})([mhdw])$/.exec(text);
  if (ago) {
    const at = now - Number(ago[1]) * units[ago[2] as keyof typeof units];
    return { from: at, until: at };
  }
  const day = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text);
  if (day) {
    const [, year, month, date] = day;
    const from = Date.parse(`${year}-${month ?? '01'}-${date ?? '01'}T00:00:00Z`);
    // A day that its month does not have would be one of the next month.
    if (Number.isNaN(from) || (date !== undefined && new Date(from).getUTCDate() !== Number(date)))
      return undefined;
    const next = new Date(from);
    if (date !== undefined) next.setUTCDate(next.getUTCDate() + 1);
    else if (month !== undefined) next.setUTCMonth(next.getUTCMonth() + 1);
    else next.setUTCFullYear(next.getUTCFullYear() + 1);
    return { from, until: next.getTime() };
  }
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : { from: at, until: at };
}
