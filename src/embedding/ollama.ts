import type { Embedder } from './port.ts';
import { addressOf } from './remote/address.ts';
import { type RemoteOptions, remoteEmbedder } from './remote/remote.ts';
import { field } from './remote/request.ts';

export interface OllamaOptions extends RemoteOptions {
  /** By default `http://127.0.0.1:11434`. What is embedded goes there. */
  readonly url?: string | undefined;
}

/** Embeddings of a model that Ollama runs. Asks nothing before the first text. Throws an `EmbeddingError` for a bad URL. */
export function ollamaEmbedder(options: OllamaOptions): Embedder {
  const { model, url = 'http://127.0.0.1:11434' } = options;
  return remoteEmbedder(
    {
      name: 'ollama',
      address: addressOf(url, '/api', '/embed'),
      body: (input) => ({ model, input, truncate: true }),
      listed(answer) {
        const lists = field(answer, 'embeddings');
        return Array.isArray(lists) ? lists : undefined;
      },
    },
    options,
  );
}
