import { type Embedder, ollamaEmbedder, openAiEmbedder } from '../../../src/embedding/index.ts';
import type { RemoteOptions } from '../../../src/embedding/remote/remote.ts';

type Options = Partial<RemoteOptions> & { readonly url: string; readonly key?: string | undefined };

/** One adapter, and how the endpoint that it knows answers. */
export interface Adapter {
  readonly name: string;
  readonly route: string;
  open(options: Options): Embedder;
  /** What the endpoint answers where these are the vectors. */
  body(vectors: readonly unknown[]): unknown;
}

export const openai: Adapter = {
  name: 'openai',
  route: '/v1/embeddings',
  open: (options) => openAiEmbedder({ model: 'small', backoff: 1, ...options }),
  body: (vectors) => ({
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  }),
};

export const ollama: Adapter = {
  name: 'ollama',
  route: '/api/embed',
  open: ({ key: _, ...options }) => ollamaEmbedder({ model: 'small', backoff: 1, ...options }),
  body: (embeddings) => ({ model: 'small', embeddings }),
};
