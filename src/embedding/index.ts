export { builtInEmbedder } from './built-in.ts';
export { type Embedder, EmbeddingError } from './port.ts';
