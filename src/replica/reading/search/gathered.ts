import type { Hash, SearchResult } from '../../../../schemas/index.ts';
import type { MemoryState, MemoryVersion } from '../../../fold/types.ts';
import type { SearchHit } from '../../../search/index.ts';
import { stateOf } from '../../ledger/state.ts';
import { type Reading, textOf } from '../context.ts';
import { newestOf, replacingMany } from './newest.ts';

/** Of the best hits as many are looked at together: memories further down stand for themselves. */
export const gatheredHits = 100;

/** Of the words of two texts that say nearly the same, so many of those of either are in both. */
const nearlySame = 0.8;

/** Hits that are one result: what is shown, where the best of them stands, and what it stands for. */
export interface Gathered {
  readonly hit: SearchHit;
  readonly shown: Hash;
  readonly folded: NonNullable<SearchResult['folded']>;
}

/** A result while others may still join it. */
interface Group {
  readonly hit: SearchHit;
  shown: Hash;
  readonly folded: Gathered['folded'][number][];
  readonly words: ReadonlySet<string> | undefined;
}

/** Whether a thing that nobody found may stand for one that was: whether the query allows it. */
export type Allows = (id: Hash) => boolean;

/**
 * Makes one result of memories that are one: what was superseded goes under its newest version, and what says nearly
 * the same under the newest of it, in the place of the best. All else stays as it is.
 */
export async function gathered(
  reading: Reading,
  hits: readonly SearchHit[],
  allows: Allows,
): Promise<Gathered[]> {
  // Loaded with the first question: it brings the stemmer.
  const { termsOf } = await import('../../../search/terms.ts');
  const replaced = await replacingMany(reading);
  const groups: Group[] = [];
  const ofShown = new Map<Hash, Group>();
  const found = new Set(hits.map(({ id }) => id));
  const may: Allows = (id) => found.has(id) || allows(id);
  for (const hit of hits) {
    if (hit.kind !== 'memory') {
      groups.push({ hit, shown: hit.id, folded: [], words: undefined });
      continue;
    }
    const shown = await newestOf(reading, replaced, hit.id, may);
    const own = shown === hit.id ? [] : [{ id: hit.id, because: 'superseded' as const }];
    const known = ofShown.get(shown);
    if (known) {
      known.folded.push(...own);
      continue;
    }
    const words = new Set(termsOf(saidBy(reading, shown)));
    const twin = groups.find((one) => one.words !== undefined && isNearlySame(one.words, words));
    const group = twin ?? { hit, shown, folded: [], words };
    if (twin) join(reading, twin, shown);
    else groups.push(group);
    group.folded.push(...own);
    ofShown.set(shown, group);
  }
  return groups;
}

/** Puts a memory to others that say nearly the same: the newest shows. */
function join(reading: Reading, group: Group, id: Hash): void {
  const isNewer = stampOf(reading, id) > stampOf(reading, group.shown);
  group.folded.push({ id: isNewer ? group.shown : id, because: 'same' });
  if (isNewer) group.shown = id;
}

const shownVersion = (reading: Reading, id: Hash): MemoryVersion | undefined => {
  const state = stateOf(reading, reading.database, id) as MemoryState | undefined;
  return state?.versions[0];
};

const stampOf = (reading: Reading, id: Hash): string => shownVersion(reading, id)?.stamp ?? '';

function saidBy(reading: Reading, id: Hash): string {
  const version = shownVersion(reading, id);
  return ['title', 'text'].map((field) => textOf(reading, version?.op, field) ?? '').join('\n');
}

const digits = /\d/;

/** Of the words of two texts, which part is in both: from 0 to 1. */
export function sharedPart(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const [fewer, more] = one.size < other.size ? [one, other] : [other, one];
  let both = 0;
  for (const word of fewer) if (more.has(word)) both++;
  const all = one.size + other.size - both;
  return all === 0 ? 0 : both / all;
}

/** Whether two texts have nearly the same words. A number that differs makes it another fact, however alike the rest. */
function isNearlySame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const [fewer, more] = one.size < other.size ? [one, other] : [other, one];
  // Most pairs are told apart by their sizes, or by a few words: every pair of a hundred is looked at.
  const needed = ((one.size + other.size) * nearlySame) / (1 + nearlySame);
  let both = fewer.size;
  for (const word of fewer) if (!more.has(word) && (digits.test(word) || --both < needed)) return false;
  return both >= needed && ![...more].some((word) => digits.test(word) && !fewer.has(word));
}
