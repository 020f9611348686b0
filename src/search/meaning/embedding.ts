import { type Embedder, EmbeddingError, type VectorForm } from '../../embedding/port.ts';
import type { Wanted } from '../protocol.ts';
import type { SearchSource } from '../types.ts';
import { contentOf, hashOf } from './content.ts';
import type { Given } from './meaning.ts';

/** Contents that are embedded at once: between two of these a query has its turn. */
const BATCH = 16;
/** So many entries of the feed since the last of them say that others have much to do: then few are, with a rest between. */
const MANY = 64;
const FEW = 2;
const PAUSE = 1000;
/** After a failure it is tried again after so long, ms, then twice as long, up to `MOST_REST`. */
const REST = 1000;
const MOST_REST = 60_000;

/** The index, as far as it takes vectors. */
export interface Taker {
  use(form: VectorForm): void;
  lacks(most: number): Promise<{ wanted: Wanted[]; left: number; unplaced: number }>;
  take(form: VectorForm, given: Given): void;
}

/** Makes the vectors that documents lack, in the background, until `stop`. */
export interface Embedding {
  /** There may be documents without a vector. */
  wake(): void;
  /** The vector of a text, and what it is of: the index has gone over to that model. Rejects with an `EmbeddingError`. */
  vector(text: string, kind: 'query' | 'document'): Promise<Float32Array>;
  /** Whether a vector was made, so that another takes no loading. */
  readonly warm: boolean;
  readonly model: string | undefined;
  readonly left: number;
  /** Whether what is left may be made within so many milliseconds, by how long the last took. */
  within(milliseconds: number): boolean;
  readonly unplaced: number;
  /** Why documents are not embedded at present. */
  readonly trouble: string | undefined;
  stop(): void;
}

export function startEmbedding(
  embedder: Embedder,
  source: SearchSource,
  taker: Taker,
  /** Runs something after milliseconds, unless it is told not to. */
  after: (milliseconds: number, run: () => void) => () => void = unhurried,
  /** Milliseconds since any moment. */
  now: () => number = () => performance.now(),
): Embedding {
  let working = false;
  let again = false;
  let stopped = false;
  let warm = false;
  let used: VectorForm | undefined;
  let left = 0;
  let unplaced = 0;
  let trouble: string | undefined;
  let batch = BATCH;
  let rest = REST;
  let cancel = (): void => undefined;
  let end = source.end();
  /** Milliseconds that one text took, the rests counted; 0 before the first. */
  let pace = 0;

  async function form(): Promise<VectorForm> {
    const present = await embedder.form();
    if (used?.id !== present.id || used.dimensions !== present.dimensions) {
      used = { id: present.id, dimensions: present.dimensions };
      taker.use(used);
    }
    return used;
  }

  async function embed(texts: readonly string[], kind: 'query' | 'document'): Promise<Float32Array[]> {
    // In this order: an endpoint tells the size of its vectors with the first of them.
    const vectors = await embedder.embed(texts, kind);
    const { dimensions } = await form();
    if (vectors.length !== texts.length || vectors.some((vector) => vector.length !== dimensions))
      throw new EmbeddingError(
        `The embedder gave other than ${texts.length} vectors of ${dimensions} numbers.`,
      );
    warm = true;
    return vectors;
  }

  /** Embeds some of what lacks a vector: how many, or undefined when nothing does. */
  async function step(): Promise<number | undefined> {
    const made = await form();
    const lacking = await taker.lacks(batch);
    left = lacking.left;
    unplaced = lacking.unplaced;
    if (lacking.wanted.length === 0) return undefined;
    const gone: string[] = [];
    const found: { hash: string; text: string }[] = [];
    for (const { id, hash } of lacking.wanted) {
      const document = source.document(id);
      const text = document && contentOf(document);
      // What changed meanwhile comes again when the index has heard of it.
      if (text === undefined || hashOf(text) !== hash) gone.push(hash);
      else found.push({ hash, text });
    }
    try {
      const texts = found.map(({ text }) => text);
      const vectors = texts.length === 0 ? [] : await embed(texts, 'document');
      if (stopped) return undefined;
      taker.take(made, {
        vectors: found.map(({ hash }, at) => ({ hash, vector: vectors[at] ?? new Float32Array() })),
        gone,
        later: [],
      });
    } catch (error) {
      // One text that is refused must not hold up the others.
      taker.take(made, { vectors: [], gone, later: found.map(({ hash }) => hash) });
      batch = 1;
      throw error;
    }
    batch = Math.min(BATCH, batch * 2);
    return found.length;
  }

  /** Leaves the processors to whoever writes much. */
  async function giveWay(): Promise<void> {
    const grown = source.end() - end;
    end = source.end();
    if (grown < MANY) return;
    batch = FEW;
    await new Promise<void>((resolve) => {
      cancel = after(PAUSE, resolve);
    });
  }

  /** One batch, and the rest after it; false when there is none to make. */
  async function some(): Promise<boolean> {
    const began = now();
    const made = await step();
    if (made === undefined) return false;
    await giveWay();
    if (made > 0) pace = (now() - began) / made;
    return true;
  }

  async function work(): Promise<void> {
    again = true;
    if (working || stopped) return;
    working = true;
    cancel();
    try {
      while (again && !stopped) {
        again = false;
        while (!stopped && (await some())) {
          trouble = undefined;
          rest = REST;
        }
      }
      trouble = undefined;
    } catch (error) {
      if (!stopped) {
        trouble = error instanceof Error ? error.message : String(error);
        cancel = after(rest, () => void work());
        rest = Math.min(MOST_REST, rest * 2);
      }
    } finally {
      working = false;
    }
  }

  return {
    wake: () => void work(),
    async vector(text, kind) {
      const [vector] = await embed([text], kind);
      return vector ?? new Float32Array();
    },
    get warm() {
      return warm;
    },
    get model() {
      return used?.id;
    },
    get left() {
      return left;
    },
    within: (milliseconds) => left * pace <= milliseconds,
    get unplaced() {
      return unplaced;
    },
    get trouble() {
      return trouble;
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

function unhurried(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}
