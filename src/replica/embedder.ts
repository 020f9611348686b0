import { CoterieError } from '../../schemas/index.ts';
import { type Chosen, chooseEmbedder, EmbeddingError } from '../embedding/index.ts';
import type { OpenOptions } from './options.ts';

/** The embedder of a replica, or why it has none. Throws `invalid` for a setting that cannot be meant. */
export function embedderOf({ embeddings }: OpenOptions, memory: () => number): Chosen {
  try {
    return chooseEmbedder(embeddings, { memory });
  } catch (error) {
    if (!(error instanceof EmbeddingError)) throw error;
    throw new CoterieError('invalid', `embeddings: ${error.message}`, {
      hint: 'See how to choose in docs/embeddings.md.',
    });
  }
}
