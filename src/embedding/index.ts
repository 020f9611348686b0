export { type BuiltInOptions, builtInEmbedder } from './built-in.ts';
export { type Embedder, EmbeddingError, type EmbeddingKind } from './port.ts';
