import type { VectorForm } from '../embedding/port.ts';
import { turn } from '../turn.ts';
import type { Given } from './meaning/meaning.ts';
import type { FromWorker, ToWorker, Wanted, WorkerStart } from './protocol.ts';
import { startThread } from './thread.ts';
import type {
  SearchChange,
  SearchHits,
  SearchKind,
  SearchPart,
  SearchPlace,
  SearchSource,
  TextQuery,
} from './types.ts';

/** How much is read, and how much is handed over at once: copying it holds up the calling thread. */
const READ = 400;
const SLICE_CHARACTERS = 128 * 1024;
/** Slices on their way to the thread: enough to keep it busy, few enough that a query does not wait long. */
const UNDERWAY = 3;
/** Milliseconds that the thread gets to write the index before it is ended. */
const LAST_WRITE = 800;

/** One life of the index's thread: from its start until it stops or fails. */
export interface Engine {
  readonly epoch: string;
  /** How far in the feed the index has come. */
  readonly position: number;
  readonly ready: boolean;
  readonly stopped: boolean;
  readonly trouble: string | undefined;
  /** Reads on in the feed, if there is more. */
  advance(): void;
  /** Resolves when the index has come to `target`, or after `patience` milliseconds. Rejects when it cannot go on. */
  reach(target: number, patience: number): Promise<void>;
  /** `wait`: milliseconds for the vectors that documents lack. `left`: how many lack one then; `unplaced`: find no room. */
  ask(query: TextQuery, wait: number): Promise<{ hits: SearchHits; left: number; unplaced: number }>;
  part(query: TextQuery, place: SearchPlace | undefined): Promise<SearchPart>;
  /** Goes over to the vectors of a model. */
  use(form: VectorForm): void;
  /** At most so many documents that lack a vector of the model. */
  lacks(most: number): Promise<{ wanted: Wanted[]; left: number; unplaced: number }>;
  take(form: VectorForm, given: Given): void;
  purge(through: number): Promise<void>;
  /** Ends the thread, with a last writing of the index if `keep`. What is still asked rejects with `reason`. */
  stop(keep: boolean, reason: Error): Promise<void>;
}

/** What the thread answers to a question. */
type Told = Extract<FromWorker, { did: 'answer' | 'part' | 'purge' | 'lacks' }>;

interface Waiting {
  target: number;
  settle: (error?: Error) => void;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Steps of a size that is copied in a few milliseconds. */
function* slicesOf(changes: readonly SearchChange[]): Generator<SearchChange[]> {
  let slice: SearchChange[] = [];
  let characters = 0;
  for (const change of changes) {
    if (characters >= SLICE_CHARACTERS) {
      yield slice;
      slice = [];
      characters = 0;
    }
    slice.push(change);
    characters += 100 + ('put' in change ? change.put.text.length : 0);
  }
  yield slice;
}

/** Starts the thread and follows the feed once the index on disk is loaded. */
export function startEngine(
  {
    directory,
    source,
    embeds,
  }: { directory: string | undefined; source: SearchSource; embeds: readonly SearchKind[] },
  /** There are documents without a vector, after there were none. */
  onLacking: () => void,
): Engine {
  const { epoch } = source;
  const start: WorkerStart = { directory, epoch, end: source.end(), embeds };
  const waiting = new Set<Waiting>();
  const asked = new Map<number, { resolve: (told: Told) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let loaded = false;
  let sent = 0;
  let position = 0;
  let underway = 0;
  let room: (() => void) | undefined;
  let advancing = false;
  let ready = false;
  let ended: Error | undefined;
  let trouble: string | undefined;

  const post = (message: ToWorker): void => thread.post(message);
  // The thread alone keeps no process alive; a question does.
  const hold = (): void => thread.hold(waiting.size + asked.size > 0);

  const end = (reason: Error): void => {
    ended ??= reason;
    for (const wait of [...waiting]) wait.settle(ended);
    for (const { reject } of asked.values()) reject(ended);
    asked.clear();
    room?.();
  };

  const arrived = (next: number): void => {
    position = next;
    ready ||= position >= source.end();
    for (const wait of [...waiting]) if (wait.target <= position) wait.settle();
  };

  const advance = async (): Promise<void> => {
    if (advancing || !loaded || ended) return;
    advancing = true;
    try {
      while (!ended && sent < source.end()) {
        const { changes, next } = await source.read(sent, READ);
        if (next <= sent) throw new Error(`The feed gave nothing beyond ${sent}.`);
        await hand(changes, next);
        sent = next;
      }
    } catch (error) {
      trouble = asError(error).message;
      // Part of a step may be there already: applying it again changes nothing.
      for (const wait of [...waiting]) wait.settle(asError(error));
    } finally {
      advancing = false;
    }
  };

  const hand = async (changes: readonly SearchChange[], next: number): Promise<void> => {
    let before: SearchChange[] | undefined;
    for (const slice of slicesOf(changes)) {
      if (before) await handSlice({ do: 'apply', changes: before });
      before = slice;
    }
    await handSlice({ do: 'apply', changes: before ?? [], next });
  };

  const handSlice = async (message: ToWorker): Promise<void> => {
    while (underway >= UNDERWAY && !ended) await new Promise<void>((resolve) => (room = resolve));
    if (ended) return;
    underway += 1;
    post(message);
    await turn();
  };

  const settle = (message: Told | Extract<FromWorker, { did: 'fail' }>): void => {
    const question = asked.get(message.id);
    asked.delete(message.id);
    hold();
    if (message.did === 'fail') question?.reject(new Error(message.message));
    else question?.resolve(message);
  };

  let left = (): void => undefined;
  const exited = new Promise<void>((resolve) => {
    left = resolve;
  });
  const thread = startThread(start, {
    message(message) {
      switch (message.did) {
        case 'load':
          loaded = true;
          sent = message.position;
          arrived(message.position);
          void advance();
          break;
        case 'apply':
          underway -= 1;
          room?.();
          if (message.next !== undefined) arrived(message.next);
          break;
        case 'answer':
        case 'part':
        case 'purge':
        case 'lacks':
        case 'fail':
          settle(message);
          break;
        case 'lacking':
          onLacking();
          break;
        case 'trouble':
          trouble = message.message;
          break;
      }
    },
    error(error) {
      trouble = asError(error).message;
      end(asError(error));
    },
    exit() {
      end(new Error('The thread of the search index ended.'));
      left();
    },
  });

  const question = <Did extends Told['did']>(
    make: (id: number) => ToWorker,
  ): Promise<Extract<Told, { did: Did }>> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      const id = ++lastId;
      asked.set(id, { resolve: resolve as (told: Told) => void, reject });
      hold();
      post(make(id));
    });

  return {
    epoch,
    get position() {
      return position;
    },
    get ready() {
      return ready;
    },
    get stopped() {
      return ended !== undefined;
    },
    get trouble() {
      return trouble;
    },
    advance: () => void advance(),
    reach: (target, patience) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        void advance();
        if (loaded && position >= target) return resolve();
        const timer = setTimeout(() => wait.settle(), patience);
        const wait: Waiting = {
          target,
          settle(error) {
            waiting.delete(wait);
            clearTimeout(timer);
            hold();
            if (error) reject(error);
            else resolve();
          },
        };
        waiting.add(wait);
        hold();
      }),
    ask: (query, wait) => question<'answer'>((id) => ({ do: 'query', id, query, wait })),
    async part(query, place) {
      return (await question<'part'>((id) => ({ do: 'part', id, query, place }))).part;
    },
    use: (form) => post({ do: 'use', form }),
    lacks: (most) => question<'lacks'>((id) => ({ do: 'lacks', id, most })),
    take: (form, given) => post({ do: 'take', form, given }),
    async purge(through) {
      await question<'purge'>((id) => ({ do: 'purge', id, through }));
    },
    async stop(keep, reason) {
      end(reason);
      thread.hold(true);
      if (keep) {
        post({ do: 'close' });
        const timer = setTimeout(() => void thread.terminate(), LAST_WRITE);
        await exited;
        clearTimeout(timer);
      } else {
        await thread.terminate();
      }
      await exited;
    },
  };
}
