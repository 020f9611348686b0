import type { Hash } from '../../../schemas/index.ts';
import type { ParkedPart, Wait } from './types.ts';

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

/** What a part lacks: others that bring it, or that it is in the document by now. */
interface Need {
  readonly part: number;
  readonly helpers: readonly number[];
  readonly over: boolean;
  /** Helpers that may still be taken. */
  left: number;
}

function needsOf(parts: readonly ParkedPart[], isOver: (part: ParkedPart, wait: Wait) => boolean): Need[] {
  const places = placesOf(parts);
  const keys = new Map<Hash, Set<number>>();
  for (const [part, { keys: own }] of parts.entries())
    for (const key of own) {
      const known = keys.get(key);
      if (known) known.add(part);
      else keys.set(key, new Set([part]));
    }
  const needs: Need[] = [];
  for (const [part, one] of parts.entries())
    for (const wait of one.waits) {
      const found = wait.for === 'item' ? places(wait.client, wait.clock) : [...(keys.get(wait.key) ?? [])];
      const helpers = found.filter((other) => other !== part);
      needs.push({ part, helpers, over: isOver(one, wait), left: helpers.length });
    }
  return needs;
}

/** Drops parts that lack what nothing brings, then those that only they would have helped, and so on. */
function hopeful(count: number, needs: readonly Need[]): boolean[] {
  const helped: Need[][] = Array.from({ length: count }, () => []);
  for (const need of needs) for (const helper of need.helpers) helped[helper]?.push(need);
  const hope = Array.from({ length: count }, () => true);
  const lost: number[] = [];
  const settle = ({ part, over, left }: Need): void => {
    if (over || left > 0 || !hope[part]) return;
    hope[part] = false;
    lost.push(part);
  };
  needs.forEach(settle);
  for (let part = lost.pop(); part !== undefined; part = lost.pop())
    for (const need of helped[part] ?? []) {
      need.left--;
      settle(need);
    }
  return hope;
}

/**
 * Parts that may be taken now, those that need each other in one group. A deleted item waits for the entry that
 * replaces it, which waits for the deleted item that it follows: only together they can be taken.
 */
export function togetherBy(
  parts: readonly ParkedPart[],
  isOver: (part: ParkedPart, wait: Wait) => boolean,
): ParkedPart[][] {
  const needs = needsOf(parts, isOver);
  const hope = hopeful(parts.length, needs);
  const root = parts.map((_, part) => part);
  const find = (part: number): number => {
    let at = part;
    for (let up = root[at]; up !== undefined && up !== at; up = root[at]) {
      root[at] = root[up] ?? up;
      at = up;
    }
    return at;
  };
  for (const { part, helpers } of needs)
    for (const helper of helpers) if (hope[part] && hope[helper]) root[find(part)] = find(helper);
  const groups = new Map<number, ParkedPart[]>();
  for (const [part, one] of parts.entries()) {
    if (!hope[part]) continue;
    const group = groups.get(find(part));
    if (group) group.push(one);
    else groups.set(find(part), [one]);
  }
  return [...groups.values()];
}
