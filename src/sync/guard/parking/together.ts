import type { Hash } from '../../../../schemas/index.ts';
import type { ParkedPart, Wait } from '../types.ts';

/** Parts of one client that cover each other say the same; more than these are not looked at. */
const enough = 8;

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
    for (let i = low - 1; i >= low - enough && (spans[i]?.reach ?? 0) > clock; i--) {
      const span = spans[i];
      if (span && span.end > clock) found.push(span.part);
    }
    return found;
  };
}

/** Something that parts lack: it is in the document by now, or some of the others bring it. */
interface Need {
  readonly parts: number[];
  readonly helpers: readonly number[];
  readonly over: boolean;
  /** Helpers that may still be taken. */
  left: number;
}

function needsOf(parts: readonly ParkedPart[], isOver: (part: ParkedPart, wait: Wait) => boolean): Need[] {
  const places = placesOf(parts);
  const bringing = new Map<Hash, number[]>();
  for (const [part, { keys }] of parts.entries())
    for (const key of new Set(keys)) {
      const known = bringing.get(key);
      if (known) known.push(part);
      else bringing.set(key, [part]);
    }
  const needs: Need[] = [];
  // Many may wait for one key that many bring.
  const shared = new Map<Hash, Need>();
  for (const [part, one] of parts.entries())
    for (const wait of one.waits) {
      const over = isOver(one, wait);
      const known = wait.for === 'key' && !over ? shared.get(wait.key) : undefined;
      if (known) {
        known.parts.push(part);
        continue;
      }
      const helpers = wait.for === 'item' ? places(wait.client, wait.clock) : (bringing.get(wait.key) ?? []);
      const need: Need = { parts: [part], helpers, over, left: helpers.length };
      needs.push(need);
      if (wait.for === 'key' && !over) shared.set(wait.key, need);
    }
  return needs;
}

/** Drops parts that lack what nothing brings, then those that only they would have helped, and so on. */
function hopeful(count: number, needs: readonly Need[]): boolean[] {
  const helped: Need[][] = Array.from({ length: count }, () => []);
  for (const need of needs) for (const helper of need.helpers) helped[helper]?.push(need);
  const hope = Array.from({ length: count }, () => true);
  const lost: number[] = [];
  const settle = ({ parts, over, left }: Need): void => {
    if (over || left > 0) return;
    for (const part of parts) {
      if (!hope[part]) continue;
      hope[part] = false;
      lost.push(part);
    }
  };
  needs.forEach(settle);
  for (let part = lost.pop(); part !== undefined; part = lost.pop())
    for (const need of helped[part] ?? []) if (--need.left === 0) settle(need);
  return hope;
}

/** Puts numbers together into groups. */
function grouping(count: number): { join(a: number, b: number): void; of(a: number): number } {
  const up = Array.from({ length: count }, (_, i) => i);
  const of = (a: number): number => {
    let at = a;
    for (let next = up[at]; next !== undefined && next !== at; next = up[at]) {
      up[at] = up[next] ?? next;
      at = next;
    }
    return at;
  };
  return {
    of,
    join(a, b) {
      up[of(a)] = of(b);
    },
  };
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
  const { join, of } = grouping(parts.length);
  for (const need of needs) {
    const [first, ...rest] = [...need.parts, ...need.helpers].filter((part) => hope[part]);
    if (first !== undefined) for (const part of rest) join(part, first);
  }
  const groups = new Map<number, ParkedPart[]>();
  for (const [part, one] of parts.entries()) {
    if (!hope[part]) continue;
    const group = groups.get(of(part));
    if (group) group.push(one);
    else groups.set(of(part), [one]);
  }
  return [...groups.values()];
}
