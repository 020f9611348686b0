export { builtInEmbedder } from './built-in.ts';
export { type Chosen, chooseEmbedder, type EmbeddingsSetting, memoryLeft } from './choose.ts';
export { type OllamaOptions, ollamaEmbedder } from './ollama.ts';
export { type OpenAiOptions, openAiEmbedder } from './openai.ts';
export { type Embedder, EmbeddingError, type EmbeddingKind, type VectorForm } from './port.ts';
