/** What a text is to the model: some models want a question told from what may answer it. */
export type EmbeddingKind = 'query' | 'document';

/** What the vectors of an embedder are. */
export interface VectorForm {
  /**
   * Names the model and all else that a vector depends on, such as where it runs and what is put before a text: what was
   * stored under another id must be made anew. It holds no secret.
   */
  readonly id: string;
  /** How many numbers a vector has. */
  readonly dimensions: number;
}

/**
 * Makes vectors of texts, so that texts of one meaning are near each other.
 *
 * - The vectors come in the order of the texts, each with `dimensions` numbers and the length 1, so that the dot product
 *   of two is the cosine of their angle.
 * - A text always has the same vector but for rounding, whatever it is asked together with.
 * - Vectors may be compared only if the `id` of their form is the same.
 * - A query does not wait for documents that were asked for before it.
 */
export interface Embedder {
  /**
   * What its vectors are, the same for as long as the embedder lives. Where that is not known it asks the model, once.
   * Rejects with an `EmbeddingError` when it cannot be had; then the next call tries again.
   */
  form(): Promise<VectorForm>;
  /**
   * The vectors of any number of texts; of none, no vectors. Of a long text the beginning counts. Rejects with an
   * `EmbeddingError` when they cannot be had; then the next call tries again.
   */
  embed(texts: readonly string[], kind: EmbeddingKind): Promise<Float32Array[]>;
  /** Ends what is under way, which rejects, and gives back memory. What is asked afterwards rejects. */
  close(): Promise<void>;
}

/** Why there are no vectors, in words that tell a person what to do. They never hold a key. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError';
}
