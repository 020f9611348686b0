import { CoterieError } from '../../schemas/errors.ts';
import { type Engine, startEngine } from './engine.ts';
import { removeDirectory } from './files.ts';
import type { Search, SearchHits, SearchOptions, TextQuery } from './types.ts';

/** Milliseconds that news is gathered before it is indexed. */
const GATHER = 20;
const PATIENCE = 10_000;
/** Of a query, as much as can matter. */
const QUERY_CHARACTERS = 4000;
const MOST_HITS = 10_000;

const closedError = (): CoterieError => new CoterieError('closed', 'The search is closing.');

function bounded({ text, limit, offset, ...filters }: TextQuery): TextQuery {
  return {
    ...filters,
    text: text.slice(0, QUERY_CHARACTERS),
    limit: Math.min(MOST_HITS, Math.max(0, Math.floor(limit))),
    offset: Math.max(0, Math.floor(offset)),
  };
}

/** Opens a search that does nothing, not even read a file, before its first query. */
export function openSearch({ directory, source, patience = PATIENCE }: SearchOptions): Search {
  let engine: Engine | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let closing: Promise<void> | undefined;
  // An engine must have left the directory before another, or a removal of the files, may enter it.
  let leaving: Promise<void> = Promise.resolve();

  const foreign = (): boolean => engine !== undefined && engine.epoch !== source.epoch;

  const leave = (): void => {
    const old = engine;
    engine = undefined;
    if (old) leaving = leaving.then(() => old.stop(false, new Error('The feed began anew.')));
  };

  const running = async (): Promise<Engine> => {
    if (foreign() || engine?.stopped) leave();
    await leaving;
    if (closing) throw closedError();
    // Another query may have started it meanwhile.
    engine ??= startEngine(directory, source);
    return engine;
  };

  const answer = async (query: TextQuery): Promise<SearchHits & { behind: number }> => {
    const asked = await running();
    const target = source.end();
    await asked.reach(target, patience);
    const found = await asked.ask(bounded(query));
    return { ...found, behind: Math.max(0, target - asked.position) };
  };

  return {
    async query(query) {
      if (closing) throw closedError();
      try {
        return await answer(query).catch((error: unknown) => {
          // A thread that found its index damaged took it away and ended: another makes it anew.
          if (closing || !engine?.stopped) throw error;
          return answer(query);
        });
      } catch (error) {
        if (error instanceof CoterieError) throw error;
        throw new CoterieError('internal', 'The search could not answer.', { cause: error });
      }
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
      return {
        ready: engine?.ready === true && !engine.stopped && !foreign(),
        behind: Math.max(0, source.end() - position),
        ...(trouble === undefined ? {} : { trouble }),
      };
    },

    async purge() {
      if (directory === undefined && !engine) return;
      const asked = closing || foreign() || engine?.stopped ? undefined : engine;
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
      closing ??= leaving.then(async () => {
        await engine?.stop(true, closedError());
      });
      return closing;
    },
  };
}
