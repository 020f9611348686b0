const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, for people: `now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date. */
export function ago(time: string, now: number): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  const passed = now - at;
  if (passed < -MINUTE) return inFuture(-passed, at);
  if (passed < MINUTE) return 'now';
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h ago`;
  if (passed < 7 * DAY) return days(Math.floor(passed / DAY), ' ago');
  return new Date(at).toISOString().slice(0, 10);
}

function inFuture(ahead: number, at: number): string {
  if (ahead < HOUR) return `in ${Math.floor(ahead / MINUTE)} min`;
  if (ahead < DAY) return `in ${Math.floor(ahead / HOUR)} h`;
  if (ahead < 7 * DAY) return `in ${days(Math.floor(ahead / DAY), '')}`;
  return new Date(at).toISOString().slice(0, 10);
}

const days = (count: number, suffix: string): string => `${count} ${count === 1 ? 'day' : 'days'}${suffix}`;

const units: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

/**
 * A time as it is typed: ISO 8601, with or without a time of day, or `90m`, `2h`, `3d`, `1w` before now. Answers
 * what was typed when it is neither, for the node to refuse by name.
 */
export function typedTime(text: string, now: number): string {
  const relative = /^([0-9]{1,6})([mhdw])$/.exec(text);
  if (relative) return new Date(now - Number(relative[1]) * (units[relative[2] ?? ''] ?? 0)).toISOString();
  if (!/^[0-9]{4}-/.test(text)) return text;
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}

/** As `typedTime`; a length of time (`30s`, `90m`, `2h`, `3d`, `1w`) is from now on. */
export function untilTime(text: string, now: number): string {
  const ahead = typedLength(text);
  return ahead === undefined ? typedTime(text, now) : new Date(now + ahead).toISOString();
}

/** A length of time as it is typed, ms: `500ms`, `5s`, `90m`, `2h`, `3d`, `1w`. Undefined for anything else. */
export function typedLength(text: string): number | undefined {
  const [, count, unit = ''] = /^([0-9]{1,6})(ms|[smhdw])$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  return Number(count) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : (units[unit] ?? 0));
}

/** Bytes for people. */
export function size(bytes: number): string {
  const names = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < names.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${names[unit]}`;
}
