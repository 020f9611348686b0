import { StorageError } from '../storage/port.ts';
import { turn } from '../turn.ts';
import { textIn } from './files.ts';
import type { KeptVectors } from './meaning/kept-vectors.ts';
import { Meaning } from './meaning/meaning.ts';
import { type FromWorker, messageOf, type ToWorker, type Wanted, type WorkerStart } from './protocol.ts';
import { TextIndex } from './text/text-index.ts';

/** Milliseconds without a change after which what is in memory is kept, if reading it again would take some time. */
const QUIET = 2000;
const WORTH_KEEPING = 512;

/** Rows that no index wrote: checksums that do not match, and lists that end too early. */
const isDamage = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof StorageError && error.code === 'storage_corrupt');

/**
 * Holds the index and does what it is told: everything that takes time in searching happens here. `leave` is called once
 * it is at its end: 0 as it was told, 1 where the index was damaged and has been taken away.
 */
export async function serveIndex(
  { directory, epoch, end, embeds }: WorkerStart,
  kept: KeptVectors | undefined,
  tell: (message: FromWorker) => void,
  leave: (code: 0 | 1) => void,
): Promise<(message: ToWorker) => void> {
  const trouble = (message?: string): void =>
    tell({ did: 'trouble', ...(message === undefined ? {} : { message }) });
  const meaning = new Meaning(embeds, kept, () => tell({ did: 'lacking' }));
  const index = await TextIndex.open({
    directory: directory === undefined ? undefined : textIn(directory),
    feed: { epoch, end, embeds },
    meaning,
    trouble,
    turn,
  });
  /** Whether vectors were made since what is not wanted any more was last taken away. */
  let isPruneDue = false;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  /** Changes are taken in one after the other: each looks up what those before left. */
  let applying: Promise<void> = Promise.resolve();
  /** Purges wait until the removals that they are for are in the index. */
  const purges: { id: number; through: number }[] = [];

  /** The next documents that lack a vector, by id. */
  async function wantedNow(most: number): Promise<Wanted[]> {
    const lacks = await meaning.lacks(most);
    const ids = await index.idsOf(lacks.map(({ number }) => number));
    return lacks.flatMap(({ hash }, at): Wanted[] => {
      const id = ids[at];
      return id === undefined ? [] : [{ id, hash }];
    });
  }

  async function pruneDue(): Promise<void> {
    if (!isPruneDue || meaning.left > 0) return;
    isPruneDue = false;
    await meaning.prune(turn);
  }

  async function purgeDue(): Promise<void> {
    const due = purges.filter(({ through }) => through <= index.position);
    if (due.length === 0) return;
    purges.splice(0, purges.length, ...purges.filter(({ through }) => through > index.position));
    try {
      await index.purge();
      for (const { id } of due) tell({ did: 'purge', id });
    } catch (error) {
      for (const { id } of due) tell({ did: 'fail', id, message: messageOf(error) });
    }
  }

  async function act(message: ToWorker): Promise<void> {
    switch (message.do) {
      case 'apply':
        await index.apply(message.changes, message.next);
        tell({ did: 'apply', ...(message.next === undefined ? {} : { next: message.next }) });
        clearTimeout(quiet);
        quiet = setTimeout(() => void index.keep(WORTH_KEEPING), QUIET);
        void purgeDue();
        return;
      case 'query':
        if (message.query.vector) await meaning.settled(message.wait);
        tell({
          did: 'answer',
          id: message.id,
          hits: await index.find(message.query),
          left: meaning.left,
          unplaced: meaning.unplaced,
        });
        return;
      case 'part':
        tell({ did: 'part', id: message.id, part: await index.part(message.query, message.place) });
        return;
      case 'use':
        meaning.use(message.form);
        return;
      case 'lacks':
        tell({
          did: 'lacks',
          id: message.id,
          wanted: await wantedNow(message.most),
          left: meaning.left,
          unplaced: meaning.unplaced,
        });
        await pruneDue();
        return;
      case 'take':
        isPruneDue = true;
        await meaning.take(message.form, message.given);
        return;
      case 'purge':
        purges.push(message);
        await purgeDue();
        return;
      case 'close':
        clearTimeout(quiet);
        await applying;
        await index.close();
        leave(0);
    }
  }

  tell({ did: 'load', position: index.position });
  return (message) => {
    const fail = async (error: unknown): Promise<void> => {
      if (isDamage(error)) {
        trouble(messageOf(error));
        await index.abandon().catch(() => undefined);
        // The next question starts another thread, which makes the index anew.
        leave(1);
      }
      if ('id' in message) tell({ did: 'fail', id: message.id, message: messageOf(error) });
      else throw error;
    };
    if (message.do === 'apply') applying = applying.then(() => act(message)).catch(fail);
    else act(message).catch(fail);
  };
}
