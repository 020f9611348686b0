import { CoterieError } from '../../schemas/coterie-error.ts';
import { type Engine, startEngine } from './engine.ts';
import { hasVectors, removeDirectory } from './files.ts';
import { type Embedding, startEmbedding } from './meaning/embedding.ts';
import { messageOf } from './protocol.ts';
import {
  type Answer,
  type Search,
  type SearchKind,
  type SearchOptions,
  searchKinds,
  type TextQuery,
} from './types.ts';

/** Milliseconds that news is gathered before it is indexed. */
const GATHER = 20;
const PATIENCE = 10_000;
/** Of a query, as much as can matter. */
const QUERY_CHARACTERS = 4000;
const MOST_HITS = 10_000;
/** Kinds that are found by meaning unless it is said. */
const EMBEDS: readonly SearchKind[] = ['memory', 'task'];
/** Milliseconds that a query waits for vectors: loading the built-in model takes about one second of them. */
const WAITS = { vector: 5000, documents: 3000 };

const closedError = (): CoterieError => new CoterieError('closed', 'The search is closing.');

function bounded({ text, limit, offset, ...filters }: TextQuery): TextQuery {
  return {
    ...filters,
    text: text.slice(0, QUERY_CHARACTERS),
    limit: Math.min(MOST_HITS, Math.max(0, Math.floor(limit))),
    offset: Math.max(0, Math.floor(offset)),
  };
}

const names: Readonly<Record<SearchKind, string>> = {
  message: 'messages',
  task: 'tasks',
  comment: 'comments',
  memory: 'memories',
};
const named = (kinds: readonly SearchKind[]): string => kinds.map((kind) => names[kind]).join(' and ');

/** Which of the kinds that are asked for the meaning finds, if not all. */
function meantOnly({ kinds = searchKinds }: TextQuery, embeds: readonly SearchKind[]): string[] {
  const meant = kinds.filter((kind) => embeds.includes(kind));
  return meant.length === kinds.length ? [] : [`only ${named(meant)} are found by their meaning here`];
}

const noRoom = (documents = 0): string | undefined =>
  documents === 0 ? undefined : `There is no room for more vectors: ${documents} could not be kept.`;

/** What a promise gives, or undefined after so many milliseconds. What it rejects with later is nobody's. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens a search that does nothing, not even read a file, before its first query. */
export function openSearch({
  directory,
  source,
  patience: usualPatience = PATIENCE,
  embedder,
  off = 'no embedder',
  embeds = EMBEDS,
  waits = WAITS,
}: SearchOptions): Search {
  let engine: Engine | undefined;
  /** Of this engine; begun when the first vector is wanted. */
  let embedding: Embedding | undefined;
  let lastTrouble: string | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let closing: Promise<void> | undefined;
  // An engine must have left the directory before another, or a removal of the files, may enter it.
  let leaving: Promise<void> = Promise.resolve();

  const foreign = (): boolean => engine !== undefined && engine.epoch !== source.epoch;

  const leave = (): void => {
    const old = engine;
    engine = undefined;
    embedding?.stop();
    embedding = undefined;
    if (old) leaving = leaving.then(() => old.stop(false, new Error('The feed began anew.')));
  };

  const running = async (): Promise<Engine> => {
    if (foreign() || engine?.stopped) leave();
    await leaving;
    if (closing) throw closedError();
    // Another query may have started it meanwhile.
    engine ??= startEngine({ directory, source, embeds }, () => embedding?.wake());
    return engine;
  };

  /** The embedding for an engine, which makes what lacks from now on. */
  const embeddingOf = (asked: Engine): Embedding | undefined => {
    if (!embedder || asked !== engine || closing) return undefined;
    if (!embedding) {
      embedding = startEmbedding(embedder, source, asked);
      embedding.wake();
    }
    return embedding;
  };

  /** The vector of a query, or why there is none. */
  const vectorOf = async (asked: Engine, text: string): Promise<Float32Array | { fallback: string }> => {
    const made = embeddingOf(asked);
    if (!made) return { fallback: `embeddings are off: ${off}` };
    try {
      const vector = await within(waits.vector, made.vector(text, 'query'));
      lastTrouble = undefined;
      return vector ?? { fallback: `the embedder gave no answer within ${waits.vector} ms` };
    } catch (error) {
      lastTrouble = messageOf(error);
      return { fallback: lastTrouble };
    }
  };

  /** The vector of what is asked, or why its meaning cannot count. */
  const questionOf = async (
    asked: Engine,
    query: TextQuery,
  ): Promise<Float32Array | { fallback: string }> => {
    const { kinds = searchKinds, text } = query;
    if (text.trim() === '') return { fallback: 'there are no words whose meaning could be looked for' };
    if (embedder && !kinds.some((kind) => embeds.includes(kind)))
      return { fallback: `${named(kinds)} are not found by their meaning here` };
    return vectorOf(asked, text);
  };

  const answer = async (query: TextQuery, patience: number): Promise<Answer> => {
    const asked = await running();
    const target = source.end();
    const { mode: wanted = 'text' } = query;
    const [vector] = await Promise.all([
      wanted === 'text' ? undefined : questionOf(asked, query),
      asked.reach(target, patience),
    ]);
    const behind = Math.max(0, target - asked.position);
    const byWords = async (fallback?: string, about?: Pick<Answer, 'unembedded'>): Promise<Answer> => {
      const { hits } = await asked.ask(bounded({ ...query, mode: 'text' }), 0);
      return { ...hits, behind, ranked: 'text', ...(fallback === undefined ? {} : { fallback }), ...about };
    };
    if (vector === undefined || 'fallback' in vector) return byWords(vector?.fallback);
    const isSoon = embedding?.trouble === undefined && embedding?.within(waits.documents);
    const wait = isSoon ? waits.documents : 0;
    const { hits, left, unplaced } = await asked.ask(bounded({ ...query, mode: wanted, vector }), wait);
    const lacking = left + unplaced;
    const trouble = embedding?.trouble ?? noRoom(unplaced);
    const unembedded = lacking > 0 ? { unembedded: lacking } : {};
    // Nothing by meaning where vectors are missing is no answer.
    if (wanted === 'semantic' && hits.total === 0 && lacking > 0)
      return byWords(
        `nothing that has a vector is near, and ${lacking === 1 ? '1 text has' : `${lacking} texts have`} none yet${trouble === undefined ? '' : `: ${trouble}`}`,
        unembedded,
      );
    const about = [
      ...meantOnly(query, embeds),
      ...(lacking > 0 && trouble !== undefined ? [`no vectors are made at present: ${trouble}`] : []),
    ];
    return { ...hits, behind, ranked: wanted, ...unembedded, ...(about.length > 0 ? { about } : {}) };
  };

  const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (closing) throw closedError();
    try {
      return await ask().catch((error: unknown) => {
        // A thread that found its index damaged took it away and ended: another makes it anew.
        if (closing || !engine?.stopped) throw error;
        return ask();
      });
    } catch (error) {
      if (error instanceof CoterieError) throw error;
      throw new CoterieError('internal', 'The search could not answer.', { cause: error });
    }
  };

  return {
    query: (query, { patience = usualPatience } = {}) => answered(() => answer(query, patience)),

    part: (query, place, { patience = usualPatience } = {}) =>
      answered(async () => {
        const asked = await running();
        const target = source.end();
        await asked.reach(target, place === undefined ? patience : 0);
        const part = await asked.part(bounded({ ...query, offset: 0 }), place);
        return { ...part, behind: Math.max(0, target - asked.position) };
      }),

    async similar(text, { least, patience, ...query }) {
      const asked = engine;
      const made = embedding;
      if (!asked || !made?.warm || closing || foreign() || asked.stopped) return undefined;
      try {
        return await within(
          patience,
          made.vector(text, 'document').then(async (vector) => {
            const { hits } = await asked.ask(
              bounded({ ...query, text: '', mode: 'semantic', vector, explain: true, offset: 0 }),
              0,
            );
            const found = hits.hits.map(({ id, why }) => ({ id, cosine: why?.cosine ?? 0 }));
            return found.filter(({ cosine }) => cosine >= least);
          }),
        );
      } catch {
        return undefined;
      }
    },

    warm() {
      if (closing) return;
      running().then(embeddingOf, () => undefined);
    },

    notify() {
      if (!engine || closing || gathering) return;
      gathering = setTimeout(() => {
        gathering = undefined;
        if (foreign()) leave();
        engine?.advance();
      }, GATHER);
      gathering.unref();
    },

    status() {
      const position = engine && !foreign() ? engine.position : 0;
      const trouble = engine?.trouble;
      const model = embedding?.model;
      const embedTrouble = embedding?.trouble ?? lastTrouble ?? noRoom(embedding?.unplaced);
      return {
        ready: engine?.ready === true && !engine.stopped && !foreign(),
        behind: Math.max(0, source.end() - position),
        ...(trouble === undefined ? {} : { trouble }),
        ...(embedder
          ? {
              embeddings: {
                ...(model === undefined ? {} : { model }),
                left: (embedding?.left ?? 0) + (embedding?.unplaced ?? 0),
                ...(embedTrouble === undefined ? {} : { trouble: embedTrouble }),
              },
            }
          : {}),
      };
    },

    async purge() {
      if (directory === undefined && !engine) return;
      let asked = closing || foreign() || engine?.stopped ? undefined : engine;
      // Which vectors are of what was removed the index alone can tell; to make all of them again would take long.
      if (!asked && !closing && directory !== undefined && hasVectors(directory)) asked = await running();
      if (asked) {
        asked.advance();
        const done = await asked.purge(source.end()).then(
          () => true,
          (error: unknown) => {
            // A thread that ended leaves the files to us; one that could not remove them says so.
            if (asked.stopped) return false;
            throw error;
          },
        );
        if (done) return;
      }
      await (closing ?? leaving);
      if (directory !== undefined) await removeDirectory(directory);
    },

    close() {
      clearTimeout(gathering);
      embedding?.stop();
      closing ??= leaving.then(async () => {
        await engine?.stop(true, closedError());
      });
      return closing;
    },
  };
}
