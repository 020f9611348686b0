/** What a text is to the model: some models want a question told from what may answer it. */
export type EmbeddingKind = 'query' | 'document';

/**
 * Makes vectors of texts, so that texts of one meaning are near each other.
 *
 * - The vectors come in the order of the texts, each with `dimensions` numbers and the length 1, so that the dot product
 *   of two is the cosine of their angle.
 * - A text always has the same vector, whatever it is asked together with.
 * - Vectors of two embedders may be compared only if their `id` is the same.
 * - A query does not wait for documents that were asked for before it.
 */
export interface Embedder {
  /** Names the model, and its form: what was stored under another id must be made anew. */
  readonly id: string;
  readonly dimensions: number;
  /**
   * The vectors of any number of texts; of none, no vectors. Rejects with an `EmbeddingError` when they cannot be had;
   * then the next call tries again.
   */
  embed(texts: readonly string[], kind: EmbeddingKind): Promise<Float32Array[]>;
  /** Ends what is under way, which rejects, and gives back memory. What is asked afterwards rejects. */
  close(): Promise<void>;
}

/** Why there are no vectors, in words for a person. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError';
}
