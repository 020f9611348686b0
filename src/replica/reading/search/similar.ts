import type { Hash, Remembered, SimilarMemory } from '../../../../schemas/index.ts';
import type { MemoryState } from '../../../fold/types.ts';
import type { Search } from '../../../search/index.ts';
import { contentOf } from '../../../search/meaning/content.ts';
import { stateOf } from '../../ledger/state.ts';
import { type Reading, textOf, time } from '../context.ts';
import { memoryOf } from '../memory.ts';
import { openFacet } from './facets.ts';
import { sharedPart } from './gathered.ts';
import { writtenAt } from './results.ts';

/** Of the words of two texts as many are in both that a reader should see the one before writing the other. */
const LEAST_WORDS = 0.6;
/** So near in meaning are two wordings of one fact; in the set of `bench/search` no two different facts are. */
const LEAST_COSINE = 0.85;
/** As many are looked at, and shown. */
const LOOKED = 20;
const SHOWN = 3;

/** Where is looked, and how many milliseconds a write waits for it; 0: not at all. */
interface Looking {
  readonly search: Search;
  readonly patience: number;
}

/** What is about to be written. */
export interface Said {
  readonly title?: string | undefined;
  readonly text: string;
  readonly tags?: readonly string[] | undefined;
}

/** Memories that may say nearly the same, by what was asked before the write. */
type Near = ReadonlyMap<Hash, { readonly cosine?: number }>;

const meant = ({ title, text, tags = [] }: Said): string =>
  contentOf({ ...(title === undefined ? {} : { title }), text, tags: [...tags] });

const whole = ({ title, text }: Said): string => [title ?? '', text].join('\n');

/** The memory that a write makes, and what else says nearly the same: both are awaited at once. */
export async function remembered(
  reading: Reading,
  looking: Looking,
  said: Said,
  write: Promise<Hash>,
): Promise<Remembered> {
  const [id, similarTo] = await Promise.all([write, lookForSimilar(reading, looking, said)]);
  const similar = await similarTo(id);
  return { ...(await memoryOf(reading, id)), ...(similar ? { similar } : {}) };
}

/**
 * Looks for memories that say nearly the same as what is about to be written; the function that it gives picks those that
 * are not the written one itself. It gives undefined where it could not look in time. Never rejects.
 */
async function lookForSimilar(
  reading: Reading,
  { search, patience }: Looking,
  said: Said,
): Promise<(written: Hash) => Promise<SimilarMemory[] | undefined>> {
  const near = patience === 0 ? undefined : await nearTo(search, said, patience).catch(() => undefined);
  return async (written) => near && similarTo(reading, said, written, near);
}

async function nearTo(search: Search, said: Said, patience: number): Promise<Near | undefined> {
  const facets = { all: [['kind:memory'], [openFacet]], none: [] };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  const asked = search.query(
    { text: whole(said), facets, some: true, limit: LOOKED, offset: 0 },
    { patience },
  );
  try {
    const [byWords, byMeaning = []] = await Promise.all([
      Promise.race([asked, late]),
      search.similar(meant(said), { facets, limit: LOOKED, least: LEAST_COSINE, patience }),
    ]);
    if (byWords === undefined) return undefined;
    const near = new Map<Hash, { cosine?: number }>(byWords.hits.map(({ id }) => [id, {}]));
    for (const { id, cosine } of byMeaning) near.set(id, { cosine });
    return near;
  } finally {
    clearTimeout(timer);
    asked.catch(() => undefined);
  }
}

async function similarTo(reading: Reading, said: Said, written: Hash, near: Near): Promise<SimilarMemory[]> {
  const { termsOf } = await import('../../../search/terms.ts');
  const words = new Set(termsOf(whole(said)));
  const own = stateOf(reading, reading.database, written) as MemoryState;
  const replaced = new Set(own.versions.flatMap(({ supersedes }) => supersedes));
  const found: SimilarMemory[] = [];
  for (const [id, { cosine }] of near) {
    const state = stateOf(reading, reading.database, id);
    const version = state?.kind === 'memory' && !state.redacted && !state.forgotten && state.versions[0];
    if (id === written || replaced.has(id) || !version) continue;
    const title = textOf(reading, version.op, 'title') ?? undefined;
    const text = textOf(reading, version.op, 'text') ?? '';
    const shared = sharedPart(words, new Set(termsOf(whole({ title, text }))));
    if (shared < LEAST_WORDS && cosine === undefined) continue;
    found.push({
      id,
      ...(state.key === undefined ? {} : { key: state.key }),
      ...(title === undefined ? {} : { title }),
      text,
      by: reading.membership.person(version.by),
      at: time(writtenAt(state)),
      words: Math.round(shared * 100) / 100,
      ...(cosine === undefined ? {} : { cosine: Math.round(cosine * 1000) / 1000 }),
    });
  }
  const likeness = ({ words: part, cosine = 0 }: SimilarMemory): number => Math.max(part, cosine);
  return found.sort((a, b) => likeness(b) - likeness(a)).slice(0, SHOWN);
}
