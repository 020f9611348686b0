import { type Embedder, EmbeddingError, type EmbeddingKind, type VectorForm } from '../port.ts';
import type { Address } from './address.ts';
import { type BatchSize, batchesOf } from './batches.ts';
import { type Prefixes, prefixesOf } from './prefixes.ts';
import { closed, request, TooLongError } from './request.ts';
import { unitVectors } from './vectors.ts';

/** What an endpoint may be asked to do otherwise than by default. */
export interface RemoteOptions {
  /** Name of the model, as the endpoint knows it. */
  readonly model: string;
  /** Put before each query, and each document: many models want it. By default what models of this name are known to want. */
  readonly prefixes?: Partial<Prefixes> | undefined;
  /** How many characters of a text count; by default 8000. */
  readonly characters?: number | undefined;
  /** How much goes into one request: by default 32 texts, 32,000 characters. */
  readonly batch?: Partial<BatchSize> | undefined;
  /** How long a query may take in all, and one request with documents, ms: by default 4000 and 60,000. */
  readonly timeouts?:
    | { readonly query?: number | undefined; readonly document?: number | undefined }
    | undefined;
  /** The wait before documents are tried again, ms; it doubles, four times at most: by default 500. */
  readonly backoff?: number | undefined;
}

/** What makes one kind of endpoint differ from another. */
export interface Endpoint {
  /** Of the adapter, for the id. */
  readonly name: string;
  readonly address: Address;
  readonly key?: string | undefined;
  /** As they were asked for: another answer is an error. */
  readonly dimensions?: number | undefined;
  /** What is sent for texts. */
  body(texts: readonly string[]): unknown;
  /** The vectors of an answer, in the order of the texts, not looked at; undefined where it holds none. */
  listed(answer: unknown): readonly unknown[] | undefined;
}

/** Less than a search waits, so that it hears what is wrong. */
const QUERY_PATIENCE = 4000;
const DOCUMENT_PATIENCE = 60_000;
/** How often documents are tried. */
const TRIES = 5;
/** A text of this length is not too long for any model. */
const SHORT = 256;

/** A text of which nothing is left: many endpoints refuse an empty one. */
const nothing = '.';

/** An embedder that asks an endpoint. Throws an `EmbeddingError` for options that cannot be meant. */
export function remoteEmbedder(endpoint: Endpoint, options: RemoteOptions): Embedder {
  const { name, address, key, listed } = endpoint;
  const { model, characters = 8000, timeouts = {}, backoff = 500 } = options;
  if (model.trim() === '') throw new EmbeddingError('Embeddings need the name of a model.');
  // Of fetch, the error would quote it.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw new EmbeddingError('The key for embeddings holds a character that no key has: copy it again.');
  const prefixes = { ...prefixesOf(model), ...options.prefixes };
  const most: BatchSize = { texts: 32, characters: 32_000, ...options.batch };
  const closing = new AbortController();
  let known: VectorForm | undefined;
  /** Settles when the documents that were asked for last have their answer. */
  let before: Promise<unknown> = Promise.resolve();

  const made = (text: string, kind: EmbeddingKind): string => {
    const cut = text.slice(0, characters).toWellFormed();
    return prefixes[kind] + (cut.trim() === '' ? nothing : cut);
  };

  function formOf(dimensions: number): VectorForm {
    const id = JSON.stringify([
      name,
      address.shown,
      model,
      dimensions,
      prefixes.query,
      prefixes.document,
      characters,
    ]);
    return { id, dimensions };
  }

  async function ask(texts: readonly string[], kind: EmbeddingKind): Promise<Float32Array[]> {
    const query = kind === 'query';
    const answer = await request({
      address,
      key,
      model,
      body: endpoint.body(texts),
      patience: query ? (timeouts.query ?? QUERY_PATIENCE) : (timeouts.document ?? DOCUMENT_PATIENCE),
      tries: query ? undefined : TRIES,
      backoff,
      signal: closing.signal,
    });
    const lists = listed(answer);
    if (lists === undefined)
      throw new EmbeddingError(
        `${address.shown} answered JSON without embeddings: check that the URL is that of an embeddings endpoint.`,
      );
    const vectors = unitVectors(lists, texts.length, address.shown);
    const dimensions = vectors[0]?.length ?? 0;
    const wanted = known?.dimensions ?? endpoint.dimensions ?? dimensions;
    if (dimensions !== wanted) throw new EmbeddingError(otherSize(dimensions, wanted));
    known ??= formOf(dimensions);
    return vectors;
  }

  const otherSize = (dimensions: number, wanted: number): string =>
    known
      ? `${address.shown} answered vectors of ${dimensions} numbers, and earlier of ${wanted}: if ${model} is another model now, open the workspace again.`
      : `${address.shown} answered vectors of ${dimensions} numbers, not of ${wanted}: leave the dimensions out, or set what ${model} makes.`;

  /** Where a text is too long for the model, the texts one by one, and of each as much as it takes. */
  async function askFitting(texts: readonly string[], kind: EmbeddingKind): Promise<Float32Array[]> {
    try {
      return await ask(texts, kind);
    } catch (error) {
      const [text = ''] = texts;
      if (!(error instanceof TooLongError) || (texts.length === 1 && text.length <= SHORT)) throw error;
      if (texts.length === 1) return askFitting([text.slice(0, text.length / 2).toWellFormed()], kind);
      const vectors: Float32Array[] = [];
      for (const one of texts) vectors.push(...(await askFitting([one], kind)));
      return vectors;
    }
  }

  async function all(texts: readonly string[], kind: EmbeddingKind): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    const sent = texts.map((text) => made(text, kind));
    for (const batch of batchesOf(sent, most)) {
      if (closing.signal.aborted) throw closed();
      vectors.push(...(await askFitting(batch, kind)));
    }
    return vectors;
  }

  async function embed(texts: readonly string[], kind: EmbeddingKind): Promise<Float32Array[]> {
    if (closing.signal.aborted) throw closed();
    if (texts.length === 0) return [];
    if (kind === 'query') return all(texts, kind);
    // One after the other: an endpoint on this machine has one processor to itself, and others count requests.
    const mine = before.then(() => all(texts, kind));
    before = mine.catch(() => undefined);
    return mine;
  }

  return {
    async form() {
      if (closing.signal.aborted) throw closed();
      if (known === undefined && endpoint.dimensions !== undefined) known = formOf(endpoint.dimensions);
      // As a document, which has longer: the endpoint may have to load its model first.
      if (known === undefined) await embed(['dimensions'], 'document');
      if (known === undefined) throw new EmbeddingError(`${address.shown} gave no vector.`);
      return known;
    },
    embed,
    async close() {
      closing.abort();
      await before;
    },
  };
}
