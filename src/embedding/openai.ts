import type { Embedder } from './port.ts';
import { EmbeddingError } from './port.ts';
import { addressOf } from './remote/address.ts';
import { type RemoteOptions, remoteEmbedder } from './remote/remote.ts';
import { field } from './remote/request.ts';

/** An endpoint that answers as OpenAI's does: most servers of models have one. */
export interface OpenAiOptions extends RemoteOptions {
  /**
   * Of the API, such as `https://api.openai.com/v1` or `http://127.0.0.1:8080`, or of its `/embeddings` itself. What is
   * embedded goes there: the texts of memories and tasks, and what is looked for.
   */
  readonly url: string;
  /** Sent as a bearer token; never logged, and in no message. */
  readonly key?: string | undefined;
  /** The size of a vector, where the model can make several; by default what it makes unasked. */
  readonly dimensions?: number | undefined;
}

/**
 * Embeddings of any endpoint that is compatible with OpenAI's `/v1/embeddings`. Asks nothing before the first text. Throws
 * an `EmbeddingError` for options that cannot be meant.
 */
export function openAiEmbedder(options: OpenAiOptions): Embedder {
  const { model, dimensions } = options;
  if (dimensions !== undefined && !(Number.isInteger(dimensions) && dimensions > 0))
    throw new EmbeddingError('The dimensions of embeddings are a whole number above 0.');
  return remoteEmbedder(
    {
      name: 'openai',
      address: addressOf(options.url, '/v1', '/embeddings'),
      key: options.key,
      dimensions,
      body: (input) => ({ model, input, ...(dimensions === undefined ? {} : { dimensions }) }),
      listed: (answer) => listed(field(answer, 'data')),
    },
    options,
  );
}

/** In the order of their `index`: the answer may have another. */
function listed(data: unknown): unknown[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const lists: unknown[] = [];
  for (const [i, item] of data.entries()) {
    const index = field(item, 'index') ?? i;
    if (typeof index !== 'number' || !(index in data)) return undefined;
    lists[index] = field(item, 'embedding');
  }
  return Array.from(lists);
}
