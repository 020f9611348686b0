import { EmbeddingError } from '../port.ts';

/**
 * The unit vectors of an answer. Throws an `EmbeddingError` for another count than `wanted`, for what are no numbers, and
 * where they differ in length.
 */
export function unitVectors(lists: readonly unknown[], wanted: number, shown: string): Float32Array[] {
  if (lists.length !== wanted)
    throw new EmbeddingError(
      `${shown} answered ${lists.length} vectors for ${wanted} texts: its embeddings cannot be used.`,
    );
  const vectors = lists.map((list) => unit(list, shown));
  const dimensions = vectors[0]?.length ?? 0;
  const other = vectors.find((vector) => vector.length !== dimensions);
  if (other)
    throw new EmbeddingError(
      `${shown} answered vectors of ${dimensions} and of ${other.length} numbers at once: its embeddings cannot be used.`,
    );
  return vectors;
}

function unit(list: unknown, shown: string): Float32Array {
  if (!Array.isArray(list) || list.length === 0)
    throw new EmbeddingError(
      `${shown} answered no vector for a text: check that the model makes embeddings.`,
    );
  let square = 0;
  for (const one of list) {
    if (typeof one !== 'number' || !Number.isFinite(one))
      throw new EmbeddingError(
        `${shown} answered a vector with something else than numbers: its embeddings cannot be used.`,
      );
    square += one * one;
  }
  const length = Math.sqrt(square);
  if (length === 0 || !Number.isFinite(length))
    throw new EmbeddingError(
      `${shown} answered a vector without a direction: check that the model makes embeddings.`,
    );
  return Float32Array.from(list, (one: number) => one / length);
}
