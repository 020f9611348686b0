import type { Hash } from '../../../schemas/index.ts';
import type { ParkedPart } from './types.ts';

/** Finds parts that bring a place of a client. */
function placesOf(parts: readonly ParkedPart[]): (client: number, clock: number) => number[] {
  interface Span {
    readonly part: number;
    readonly clock: number;
    readonly end: number;
    /** The highest end up to here. */
    reach: number;
  }
  const clients = new Map<number, Span[]>();
  for (const [part, { client, clock, end }] of parts.entries()) {
    const spans = clients.get(client);
    if (spans) spans.push({ part, clock, end, reach: end });
    else clients.set(client, [{ part, clock, end, reach: end }]);
  }
  for (const spans of clients.values()) {
    let reach = 0;
    for (const span of spans.sort((a, b) => a.clock - b.clock)) {
      reach = Math.max(reach, span.end);
      span.reach = reach;
    }
  }
  return (client, clock) => {
    const spans = clients.get(client) ?? [];
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((spans[middle]?.clock ?? 0) <= clock) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (let i = low - 1; i >= 0 && (spans[i]?.reach ?? 0) > clock; i--) {
      const span = spans[i];
      if (span && span.end > clock) found.push(span.part);
    }
    return found;
  };
}

/** For each part the others that bring what it waits for. */
function helpersOf(parts: readonly ParkedPart[]): number[][] {
  const places = placesOf(parts);
  const keys = new Map<Hash, Set<number>>();
  for (const [part, { keys: own }] of parts.entries())
    for (const key of own) {
      const known = keys.get(key);
      if (known) known.add(part);
      else keys.set(key, new Set([part]));
    }
  return parts.map(({ wait }, part) => {
    const found = wait.for === 'item' ? places(wait.client, wait.clock) : [...(keys.get(wait.key) ?? [])];
    return found.filter((other) => other !== part);
  });
}

/** Drops parts that nothing helps, then those that only they would have helped, and so on. */
function hopeful(helpers: readonly (readonly number[])[], over: readonly boolean[]): boolean[] {
  const helped: number[][] = helpers.map(() => []);
  for (const [part, own] of helpers.entries()) for (const helper of own) helped[helper]?.push(part);
  const left = helpers.map(({ length }) => length);
  const hope = helpers.map(() => true);
  const lost: number[] = [];
  const drop = (part: number): void => {
    hope[part] = false;
    lost.push(part);
  };
  for (const [part, own] of helpers.entries()) if (!over[part] && own.length === 0) drop(part);
  for (let part = lost.pop(); part !== undefined; part = lost.pop())
    for (const other of helped[part] ?? []) {
      left[other] = (left[other] ?? 0) - 1;
      if (left[other] === 0 && hope[other] && !over[other]) drop(other);
    }
  return hope;
}

/**
 * Parts that may be taken now, those that need each other in one group. `over`: whose wait is over in the document.
 * A deleted item waits for the entry that replaces it, which waits for the deleted item that it follows: only together
 * they can be taken.
 */
export function togetherBy(parts: readonly ParkedPart[], over: readonly boolean[]): ParkedPart[][] {
  const helpers = helpersOf(parts);
  const hope = hopeful(helpers, over);
  const root = parts.map((_, part) => part);
  const find = (part: number): number => {
    let at = part;
    for (let up = root[at]; up !== undefined && up !== at; up = root[at]) {
      root[at] = root[up] ?? up;
      at = up;
    }
    return at;
  };
  for (const [part, own] of helpers.entries())
    for (const helper of own) if (hope[part] && hope[helper]) root[find(part)] = find(helper);
  const groups = new Map<number, ParkedPart[]>();
  for (const [part, one] of parts.entries()) {
    if (!hope[part]) continue;
    const group = groups.get(find(part));
    if (group) group.push(one);
    else groups.set(find(part), [one]);
  }
  return [...groups.values()];
}
