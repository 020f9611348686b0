import { CoterieError, type Hash, priorities, taskStatuses } from '../../../../schemas/index.ts';
import type { AnyState, TaskState } from '../../../fold/types.ts';
import {
  beings,
  type Clause,
  havings,
  holdsPhrase,
  type OperatorClause,
  parseQuery,
  QueryError,
  type Value,
} from '../../../search/query/index.ts';
import { type SearchDocument, type SearchKind, searchKinds, type TextQuery } from '../../../search/types.ts';
import { keys } from '../../commit/rows.ts';
import type { ThreadRow } from '../../views/conversation.ts';
import { shownStatus } from '../../views/flow.ts';
import { type Reading, thing } from '../context.ts';
import { anyId, findChannel, findMember } from '../names.ts';
import { openFacet } from './facets.ts';
import { spanOf } from './times.ts';

/** What must hold of a hit beside what the index knows. */
export type Condition = (state: AnyState, document: SearchDocument) => boolean;

/** A query as the index is asked, and what is looked up of each hit then. */
export interface Asking {
  readonly query: Omit<TextQuery, 'limit' | 'offset'>;
  readonly conditions: readonly Condition[];
  readonly notes: readonly string[];
}

/** What the caller asks for beside the text of the query. */
export interface Beside {
  readonly kind?: 'message' | 'task' | 'memory' | undefined;
  readonly channel?: string | undefined;
  readonly tag?: string | undefined;
}

const kindFacets: Readonly<Record<string, readonly string[]>> = {
  message: ['kind:message'],
  // A task is found by its comments too.
  task: ['kind:task', 'kind:comment'],
  comment: ['kind:comment'],
  memory: ['kind:memory'],
};

const mistake = (column: number, message: string, hint: string, legal?: readonly string[]): CoterieError =>
  new CoterieError('invalid_query', `column ${column}: ${message}`, { hint, ...(legal ? { legal } : {}) });

/** Reads a query for a member. Throws `invalid_query`, and `not_found` or `ambiguous` for names in it. */
export async function askingOf(
  reading: Reading,
  member: Hash,
  text: string,
  beside: Beside,
): Promise<Asking> {
  if (beside.kind === 'memory' && beside.channel !== undefined)
    throw new CoterieError('invalid', 'channel: memories are in no channel');
  const { clauses, notes } = parsed(text);
  // Else signs alone would be answered by everything.
  if (clauses.length === 0)
    throw mistake(
      1,
      'there is nothing to look for',
      'Write a word, or an operator with a value, such as kind:message.',
    );
  const made = new Maker(reading, member);
  for (const clause of clauses) await made.add(clause);
  if (beside.kind !== undefined) made.all.push(kindFacets[beside.kind] ?? []);
  if (beside.tag !== undefined) made.all.push([`tag:${beside.tag}`]);
  if (beside.channel !== undefined) {
    const { id } = await findChannel(reading, beside.channel, member);
    made.channels.push(`in:${id}`);
    made.all.push([`in:${id}`]);
  }
  const asking = made.asking();
  const { cutNote } = await import('../../../search/terms.ts');
  const cut = cutNote(asking.query.text);
  return { ...asking, notes: [...notes, ...(cut === undefined ? [] : [cut])] };
}

function parsed(text: string): ReturnType<typeof parseQuery> {
  try {
    return parseQuery(text);
  } catch (error) {
    if (error instanceof QueryError) throw mistake(error.column, error.message, error.hint, error.legal);
    throw error;
  }
}

class Maker {
  readonly all: (readonly string[])[] = [];
  readonly channels: string[] = [];
  readonly #none: string[] = [];
  readonly #words: string[] = [];
  readonly #prefixes: string[] = [];
  readonly #without: string[] = [];
  readonly #conditions: Condition[] = [];
  readonly #reading: Reading;
  readonly #member: Hash;
  #ids: ReadonlySet<string> | undefined;
  #from: number | undefined;
  #until: number | undefined;

  constructor(reading: Reading, member: Hash) {
    this.#reading = reading;
    this.#member = member;
  }

  asking(): Omit<Asking, 'notes'> {
    // Of conversations between others only the one that is asked for.
    const mine = [openFacet, `with:${this.#member}`, ...this.channels];
    return {
      query: {
        text: this.#words.join(' '),
        prefixes: this.#prefixes,
        without: this.#without,
        facets: { all: [mine, ...this.all], none: this.#none },
        kinds: this.#kinds(),
        ...(this.#ids === undefined ? {} : { ids: [...this.#ids] }),
        ...(this.#from === undefined ? {} : { from: this.#from }),
        ...(this.#until === undefined ? {} : { until: this.#until }),
      },
      conditions: this.#conditions,
    };
  }

  /** Kinds that what is asked for may have. */
  #kinds(): SearchKind[] {
    const isOfKind = (facet: string): boolean => facet.startsWith('kind:');
    const asked = this.all.filter((facets) => facets.length > 0 && facets.every(isOfKind));
    return searchKinds.filter((kind) => {
      const facet = `kind:${kind}`;
      return asked.every((facets) => facets.includes(facet)) && !this.#none.includes(facet);
    });
  }

  async add(clause: Clause): Promise<void> {
    if (clause.is === 'operator') return this.#operator(clause);
    const { negated, text } = clause;
    if (clause.is === 'phrase') {
      if (!negated) this.#words.push(text);
      this.#must(negated, (_state, { title = '', text: said }) => holdsPhrase(`${title}\n${said}`, text));
    } else if (negated) this.#without.push(text);
    else if (clause.prefix) this.#prefixes.push(text);
    else this.#words.push(text);
  }

  #must(negated: boolean, condition: Condition): void {
    this.#conditions.push((state, document) => condition(state, document) !== negated);
  }

  #facets(negated: boolean, facets: readonly string[]): void {
    if (negated) this.#none.push(...facets);
    else this.all.push(facets);
  }

  /** Of tasks alone something is asked: others do not have it. */
  #ofTasks(negated: boolean, condition: (task: TaskState) => boolean): void {
    if (!negated) this.all.push(['kind:task']);
    this.#must(negated, (state) => state.kind === 'task' && condition(state));
  }

  async #operator({ operator, values, negated }: OperatorClause & { negated: boolean }): Promise<void> {
    const reading = this.#reading;
    const texts = values.map(({ text }) => text);
    switch (operator) {
      case 'from':
      case 'to':
      case 'with':
        return this.#facets(
          negated,
          await this.#each(values, (text) => [`${operator}:${this.#person(text)}`]),
        );
      case 'in': {
        const found = await this.#each(values, async (text) => [
          `in:${(await findChannel(reading, text, this.#member)).id}`,
        ]);
        if (!negated) this.channels.push(...found);
        return this.#facets(negated, found);
      }
      case 'kind':
        return this.#facets(
          negated,
          oneOf(values, Object.keys(kindFacets)).flatMap((kind) => kindFacets[kind] ?? []),
        );
      case 'priority':
        return this.#facets(
          negated,
          oneOf(values, priorities).map((priority) => `priority:${priority}`),
        );
      case 'label':
      case 'tag':
        return this.#facets(
          negated,
          texts.map((text) => `${operator}:${text}`),
        );
      case 'status': {
        const wanted = new Set<string>(oneOf(values, taskStatuses));
        return this.#ofTasks(negated, (task) => wanted.has(shownStatus(reading.database, task)));
      }
      case 'has':
        return this.#having(negated, oneOf(values, havings));
      case 'is':
        return this.#being(negated, oneOf(values, beings));
      case 'before':
      case 'after':
      case 'on':
        return this.#when(operator, values, negated);
      case 'thread':
        return this.#facets(negated, await this.#each(values, (text) => [`thread:${this.#root(text)}`]));
      case 'id': {
        const ids = new Set(await this.#each(values, async (text) => [await anyId(reading, text)]));
        if (negated) this.#must(true, ({ id }) => ids.has(id));
        else this.#ids = this.#ids ? new Set([...this.#ids].filter((id) => ids.has(id))) : ids;
      }
    }
  }

  #having(negated: boolean, wanted: readonly string[]): void {
    if (!wanted.includes('replies')) {
      this.#facets(
        negated,
        wanted.map((one) => `has:${one}`),
      );
      return;
    }
    // Whether something was answered is told by what came after it.
    const others = new Set(wanted.map((one) => `has:${one}`));
    const replies = (id: Hash) => this.#reading.database.get<ThreadRow>(keys.thread(id))?.replies ?? 0;
    this.#must(
      negated,
      (state, { facets = [] }) => replies(state.id) > 0 || facets.some((one) => others.has(one)),
    );
  }

  /** What follows from more than a task's own operations is looked up, the rest is known to the index. */
  #being(negated: boolean, wanted: readonly string[]): void {
    const { database } = this.#reading;
    const looked: Readonly<Record<string, (task: TaskState) => boolean>> = {
      open: (task) => !['done', 'cancelled'].includes(shownStatus(database, task)),
      done: (task) => shownStatus(database, task) === 'done',
      blocked: (task) => shownStatus(database, task) === 'blocked',
      claimed: ({ claims }) => claims.length > 0,
    };
    const known = wanted.filter((one) => looked[one] === undefined).map((one) => `is:${one}`);
    const asked = wanted.flatMap((one) => looked[one] ?? []);
    if (asked.length === 0) this.#facets(negated, known);
    else if (known.length === 0) this.#ofTasks(negated, (task) => asked.some((holds) => holds(task)));
    else
      this.#must(
        negated,
        (state, { facets = [] }) =>
          known.some((one) => facets.includes(one)) ||
          (state.kind === 'task' && asked.some((holds) => holds(state))),
      );
  }

  #when(operator: 'before' | 'after' | 'on', values: readonly Value[], negated: boolean): void {
    const [value, second] = values;
    if (value === undefined) return;
    if (second) throw mistake(second.column, `${operator}: takes one time`, 'Name one day or time.');
    const span = spanOf(value.text, this.#reading.now());
    if (span === undefined)
      throw mistake(
        value.column,
        `"${value.text}" is no day, time or length of time`,
        'Such as 2026-03-01, 2026-03, 2026-03-01T14:00Z, or 90m, 2h, 3d, 1w before now.',
      );
    if (operator === 'on') {
      if (negated) this.#must(true, ({ created: { at } }) => at >= span.from && at < span.until);
      else this.#between(span.from, span.until);
    } else if ((operator === 'before') !== negated)
      this.#between(undefined, negated ? span.until : span.from);
    else this.#between(negated ? span.from : span.until, undefined);
  }

  #between(from: number | undefined, until: number | undefined): void {
    if (from !== undefined) this.#from = Math.max(this.#from ?? 0, from);
    if (until !== undefined) this.#until = Math.min(this.#until ?? Number.MAX_SAFE_INTEGER, until);
  }

  #person(text: string): Hash {
    return text === 'me' || text === '@me' ? this.#member : findMember(this.#reading, text).id;
  }

  #root(text: string): Hash {
    const state = thing(this.#reading, text, 'message');
    return state.thread ?? state.id;
  }

  /** What each value stands for; a name that is not known is told with its column. */
  async #each(
    values: readonly Value[],
    of: (text: string) => readonly string[] | Promise<readonly string[]>,
  ): Promise<string[]> {
    const found: string[] = [];
    for (const { text, column } of values)
      try {
        found.push(...(await of(text)));
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        const { code, hint, legal, message } = error;
        throw new CoterieError(code, `column ${column}: ${message}`, { hint, ...(legal ? { legal } : {}) });
      }
    return found;
  }
}

/** The values, each of which is one of these in any case. */
function oneOf<T extends string>(values: readonly Value[], legal: readonly T[]): T[] {
  return values.map(({ text, column }) => {
    const known = legal.find((one) => one.toLowerCase() === text.toLowerCase());
    if (known === undefined)
      throw mistake(column, `"${text}" is none of what may stand here`, `One of: ${legal.join(', ')}`, legal);
    return known;
  });
}
