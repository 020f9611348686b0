import { setImmediate as turn } from 'node:timers/promises';
import type { z } from 'zod';
import {
  CoterieError,
  type Hash,
  type SearchAnswer,
  type SearchQuery,
  type SearchResult,
} from '../../../../schemas/index.ts';
import type { AnyState } from '../../../fold/types.ts';
import type { Search, SearchHit } from '../../../search/index.ts';
import type { Answer, SearchMode, SearchSignals } from '../../../search/types.ts';
import { stateOf } from '../../ledger/state.ts';
import { channelOfLog } from '../../views/conversation.ts';
import { operation, type Reading, stampIso, textOf, thing } from '../context.ts';
import { nameOfChannel } from '../names.ts';
import { askingOf, type Condition } from './ask.ts';
import { documentOf } from './search-source.ts';

/** Results of one answer at most, and when nobody says. */
const most = 200;
const usual = 20;

/** How many hits are looked at where the index does not know all that was asked. */
const mostLooked = 10_000;
/** Hits that are looked at before others get a turn. */
const breath = 100;

/** What a search is made of beside the question. */
export interface Searching {
  readonly search: Search;
  readonly signals: Omit<SearchSignals, 'now'>;
}

/**
 * Search over messages, tasks with their comments, and memory, by their words unless `mode` says otherwise. The cursor is
 * how many came before.
 */
export async function find(
  reading: Reading,
  { search, signals }: Searching,
  member: Hash,
  query: z.infer<typeof SearchQuery>,
  tag?: string,
): Promise<SearchAnswer> {
  const offset = query.cursor === undefined ? 0 : Number(query.cursor);
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new CoterieError('invalid', 'cursor is not one of a search.');
  const limit = Math.min(query.limit ?? usual, most);
  const { kind, channel, mode = 'text' } = query;
  const isByTime = query.sort === 'time';
  const asking = await askingOf(reading, member, query.q, { kind, channel, tag });
  const isLooked = asking.conditions.length > 0;
  const found = await search.query({
    ...asking.query,
    ...(query.sort ? { sort: query.sort } : {}),
    mode: isByTime ? 'text' : mode,
    signals: { ...signals, now: reading.now() },
    ...(query.explain ? { explain: true } : {}),
    ...(isLooked ? { limit: mostLooked, offset: 0 } : { limit, offset }),
  });
  if (found.mode === 'none')
    throw new CoterieError('invalid_query', 'These words are too common to look for.', {
      hint: 'Add a word that tells more, or put them between quotes.',
    });
  const held = isLooked ? await holding(reading, found.hits, asking.conditions) : found.hits;
  const page = isLooked ? held.slice(offset, offset + limit) : held;
  const total = isLooked ? held.length : found.total;
  const end = offset + page.length;
  // Loaded with the first question: it brings the stemmer.
  const { marksOf, snippet } = await import('../../../search/snippet.ts');
  const notes = [...asking.notes, ...notesOf(found)];
  const fallback = isByTime && mode !== 'text' ? 'newest first, the words alone count' : found.fallback;
  return {
    results: page.flatMap((hit) => resultOf(reading, hit, { marksOf, snippet })),
    modes: modesOf[found.ranked],
    ...(fallback === undefined ? {} : { fallback }),
    ...(found.unembedded === undefined ? {} : { unembedded: found.unembedded }),
    match: found.mode,
    total,
    ...(found.tooWide || found.mode === 'meaning' || (isLooked && found.total > found.hits.length)
      ? { atLeast: true }
      : {}),
    ...(found.missing && found.missing.length > 0 ? { missing: found.missing } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(end < total && page.length > 0 ? { next: String(end) } : {}),
    behind: found.behind,
  };
}

const modesOf: Readonly<Record<SearchMode, SearchAnswer['modes']>> = {
  text: ['text'],
  semantic: ['semantic'],
  hybrid: ['text', 'semantic'],
};

const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');

/** What the asker should know of how the words were taken. */
const notesOf = ({ near = [], tooWide = [], about = [] }: Answer): string[] => [
  ...about,
  ...(near.length > 0
    ? [`${quoted(near)} stands nowhere: longer words, or such as are nearly the same, were looked for`]
    : []),
  ...(tooWide.length > 0
    ? [`${quoted(tooWide)} begins more words than are looked for at once: the most frequent were`]
    : []),
];

/** The hits of which all conditions hold, in their order. */
async function holding(
  reading: Reading,
  hits: readonly SearchHit[],
  conditions: readonly Condition[],
): Promise<SearchHit[]> {
  const held: SearchHit[] = [];
  for (const [at, hit] of hits.entries()) {
    if (at % breath === breath - 1) await turn();
    const document = documentOf(reading, hit.id);
    const state = document && stateOf(reading, reading.database, hit.id);
    if (state && conditions.every((holds) => holds(state, document))) held.push(hit);
  }
  return held;
}

function resultOf(
  reading: Reading,
  { id, kind, score, terms, why }: SearchHit,
  { marksOf, snippet }: Pick<typeof import('../../../search/snippet.ts'), 'marksOf' | 'snippet'>,
): SearchResult[] {
  const shown = shownOf(reading, thing(reading, id, kind));
  if (!shown) return [];
  const text = snippet(shown.text, terms);
  return [
    { kind, id, score, ...shown.fields, snippet: text, marks: marksOf(text, terms), ...(why ? { why } : {}) },
  ];
}

/** What a hit shows; undefined when it is gone since it was indexed. */
function shownOf(reading: Reading, state: AnyState) {
  if (state.redacted) return undefined;
  const by = reading.membership.person(state.created.by);
  const at = new Date(state.created.at).toISOString();
  switch (state.kind) {
    case 'message': {
      const channel = channelOfLog(operation(reading, state.id)?.header.log ?? '') ?? '';
      const place = stateOf(reading, reading.database, channel);
      const name = place?.kind === 'channel' ? nameOfChannel(reading, place) : undefined;
      return {
        text: textOf(reading, state.text[0]?.value, 'text') ?? '',
        fields: { by, at, channel, place: name ?? channel },
      };
    }
    case 'comment': {
      const task = stateOf(reading, reading.database, state.task);
      const place = task?.kind === 'task' ? task.short : state.task;
      return {
        text: textOf(reading, state.text[0]?.value, 'text') ?? '',
        fields: { by, at, task: state.task, place },
      };
    }
    case 'task': {
      const title = textOf(reading, state.title[0]?.value, 'title') ?? '';
      return {
        text: textOf(reading, state.description[0]?.value, 'description') ?? title,
        fields: { by, at, title, place: state.short },
      };
    }
    case 'memory': {
      const version = state.versions[0];
      if (state.forgotten || !version) return undefined;
      const title = textOf(reading, version.op, 'title') ?? state.key;
      return {
        text: textOf(reading, version.op, 'text') ?? '',
        fields: {
          by,
          at: state.imported ? at : stampIso(version.stamp),
          ...(title === undefined ? {} : { title }),
          ...(state.key === undefined ? {} : { place: state.key }),
        },
      };
    }
    default:
      return undefined;
  }
}
