import type { TextQuery } from '../types.ts';
import { Bits } from './bits.ts';
import type { Columns } from './columns.ts';
import { either, together } from './lists.ts';
import { type Look, refusalsOf, type Way } from './looks.ts';
import { indexIn, joinPostings, noPostings, type Postings } from './postings.ts';
import { scored, weightOf } from './ranking.ts';
import type { Recent } from './recent.ts';
import type { Stored } from './stored.ts';
import { beginning, nearly } from './vocabulary.ts';

/** The index as a query sees it: what is on disk below the first recent run, and the recent runs, oldest first. */
export interface Parts {
  readonly stored: Stored | undefined;
  readonly recents: readonly Recent[];
  readonly columns: Columns;
}

/** What the ways of a word found: documents in order of number, with their scores. */
export interface Found {
  readonly look: Look;
  readonly documents: Uint32Array;
  readonly scores: Float32Array;
  /** How much the word tells. */
  readonly weight: number;
}

/** What a word counts that is found only by its beginning, or by one that is nearly it. */
const BEGINNING_SHARE = 0.6;
const NEAR_SHARE = 0.4;

/** The ids of documents by their numbers, on disk or in memory. */
export async function idsIn(
  { stored, recents }: Pick<Parts, 'stored' | 'recents'>,
  numbers: readonly number[],
): Promise<(string | undefined)[]> {
  const end = recents[0]?.base ?? Number.POSITIVE_INFINITY;
  const old = numbers.filter((number) => number < end);
  const ids = new Map<number, string>();
  for (const [at, id] of ((await stored?.idsOf(old)) ?? []).entries())
    if (id !== undefined) ids.set(old[at] ?? 0, id);
  return numbers.map(
    (number) => ids.get(number) ?? recents.findLast(({ base }) => base <= number)?.idOf(number),
  );
}

/** One look through the index. */
export class Finding {
  readonly #parts: Parts;
  /** Lists on disk reach up to here: what is beyond is in the recent runs too. */
  readonly #end: number;
  readonly #lists = new Map<string, Postings>();
  /** Only lists of runs that begin there are read from disk. */
  readonly #runs: readonly number[] | undefined;
  readonly near: string[] = [];
  readonly tooWide: string[] = [];

  constructor({ stored, recents, columns }: Parts, runs?: readonly number[]) {
    this.#runs = runs;
    this.#parts = { stored, recents: [...recents], columns };
    this.#end = recents[0]?.base ?? columns.next;
  }

  async #load(terms: Iterable<string>): Promise<void> {
    const { stored, recents } = this.#parts;
    const missing = [...new Set(terms)].filter((term) => !this.#lists.has(term));
    const lists = (await stored?.lists(missing, this.#runs)) ?? [];
    for (const [at, term] of missing.entries()) {
      const more = recents.flatMap((run) => run.terms.get(term) ?? []);
      this.#lists.set(term, joinPostings(lists[at] ?? [], this.#end, [more]));
    }
  }

  async #has(term: string): Promise<boolean> {
    if ((this.#lists.get(term)?.documents.length ?? 0) > 0) return true;
    // Whether a word stands anywhere is asked of the whole index.
    return this.#runs !== undefined && ((await this.#parts.stored?.has(term)) ?? false);
  }

  /** Whether all terms of one of the ways are somewhere. */
  async #stands({ ways }: Look): Promise<boolean> {
    for (const { terms } of ways) {
      const each = await Promise.all(terms.map((term) => this.#has(term)));
      if (each.every(Boolean)) return true;
    }
    return false;
  }

  /** Beginnings become the terms that there are, and a word that is nowhere becomes what it may have been meant as. */
  async #resolve(look: Look, slips: boolean): Promise<Look> {
    const { recents, stored } = this.#parts;
    const begun = async (text: string): Promise<string[]> => {
      const { terms, whole } = await beginning(text, recents, stored);
      if (!whole) this.tooWide.push(look.said);
      return terms;
    };
    if (look.ways.some(({ begins }) => begins)) {
      const ways: Way[] = [];
      for (const way of look.ways) {
        if (way.terms.length === 1) {
          for (const term of await begun(way.terms[0] ?? ''))
            ways.push({ ...way, terms: [term], begins: false });
        } else ways.push({ ...way, begins: false });
      }
      return { ...look, ways };
    }
    if (!slips || (await this.#stands(look))) return look;
    const [word] = look.ways[0]?.terms ?? [];
    if (word === undefined || look.ways.length > 1 || look.ways[0]?.terms.length !== 1) return look;
    const longer = word.length > 2 ? await begun(word) : [];
    const others = longer.length > 0 ? longer : await nearly(word, recents, stored);
    if (others.length === 0) return look;
    this.near.push(look.said);
    const share = longer.length > 0 ? BEGINNING_SHARE : NEAR_SHARE;
    return { ...look, ways: others.map((term) => ({ terms: [term], begins: false, share })) };
  }

  /** What each look finds. With `slips` a word that is nowhere is looked for as one that is nearly it. */
  async search(looks: readonly Look[], slips: boolean): Promise<Found[]> {
    await this.#load(
      looks.flatMap(({ ways }) => ways.filter(({ begins }) => !begins).flatMap(({ terms }) => terms)),
    );
    const resolved: Look[] = [];
    for (const look of looks) resolved.push(await this.#resolve(look, slips));
    await this.#load(resolved.flatMap(({ ways }) => ways.flatMap(({ terms }) => terms)));
    return resolved.map((look) => this.#one(look));
  }

  /** How many of a list are not dead: edits must not make a word common. */
  #living(documents: Uint32Array): number {
    const { dead } = this.#parts.columns;
    let living = 0;
    for (let i = 0; i < documents.length; i++) if (!dead.has(documents[i] as number)) living += 1;
    return living;
  }

  #one(look: Look): Found {
    const { columns } = this.#parts;
    const means = columns.means();
    const all = columns.living;
    const lists = look.ways.map(({ terms, share }) => {
      const each = terms.map((term) => {
        const postings = this.#lists.get(term) ?? noPostings;
        const weight = weightOf(this.#living(postings.documents), all);
        return {
          documents: postings.documents,
          weight,
          scores: scored(postings, columns, means, weight * share),
        };
      });
      return each.length === 1 && each[0] ? each[0] : together(each);
    });
    const [only] = lists;
    const { documents, scores } = lists.length === 1 && only ? only : either(lists);
    // A word that is nowhere tells the most: what lacks it lacks a good part of the question.
    const weight = documents.length === 0 ? weightOf(0, all) : Math.max(...lists.map((list) => list.weight));
    return { look, documents, scores, weight };
  }

  /** Which documents the rest of a query allows. */
  async allowed(query: TextQuery): Promise<Bits> {
    const { columns, recents, stored } = this.#parts;
    const allowed = Bits.all(columns.next);
    allowed.leaveOut(columns.dead);
    const names = [...new Set([...(query.facets?.all ?? []).flat(), ...(query.facets?.none ?? [])])];
    const sets = new Map<string, Bits>();
    await Promise.all(
      names.map(async (name) => {
        const set = new Bits(columns.next);
        if (stored) set.join(await stored.facet(name));
        for (const { facets } of recents) {
          const pairs = facets.get(name) ?? [];
          for (let i = 0; i < pairs.length; i += 2) set.add(pairs[i] ?? 0);
        }
        sets.set(name, set);
      }),
    );
    for (const some of query.facets?.all ?? []) {
      const any = new Bits(columns.next);
      for (const name of some) any.join(sets.get(name) ?? new Bits());
      allowed.keep(any);
    }
    for (const name of query.facets?.none ?? []) allowed.leaveOut(sets.get(name) ?? new Bits());
    if (query.ids) allowed.keep(await this.#numbered(query.ids));
    const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = query;
    if (query.from !== undefined || query.until !== undefined) {
      const inTime = new Bits(columns.next);
      for (const number of allowed.numbers()) {
        const at = columns.at[number] ?? 0;
        if (at >= from && at < until) inTime.add(number);
      }
      allowed.keep(inTime);
    }
    for (const { documents } of await this.search(refusalsOf(query), false)) {
      const refused = new Bits(columns.next);
      for (const number of documents) refused.add(number);
      allowed.leaveOut(refused);
    }
    return allowed;
  }

  async #numbered(ids: readonly string[]): Promise<Bits> {
    const { columns, recents, stored } = this.#parts;
    const set = new Bits(columns.next);
    const old = (await stored?.numbersOf(ids)) ?? [];
    for (const [at, id] of ids.entries()) {
      const number = recents.findLast(({ numbers }) => numbers.has(id))?.numbers.get(id) ?? old[at];
      if (number !== undefined) set.add(number);
    }
    return set;
  }

  async idsOf(numbers: readonly number[]): Promise<string[]> {
    return (await idsIn(this.#parts, numbers)).map((id) => id ?? '');
  }

  /** The terms of these looks that stand in a document. */
  termsIn(number: number, found: readonly Found[]): string[] {
    const terms = found.flatMap(({ look }) => look.ways.flatMap((way) => way.terms));
    return [...new Set(terms)].filter((term) => {
      const list = this.#lists.get(term);
      return list !== undefined && indexIn(list.documents, number) >= 0;
    });
  }
}
