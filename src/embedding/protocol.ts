import type { EmbeddingKind } from './port.ts';

/** The size of a vector of the built-in model. */
export const dimensions = 384;

/** Where the model's files are; see `scripts/lib/model.mjs`. */
export interface EmbeddingStart {
  directory: string;
  /** The module of onnxruntime-node, where that is to run the model. */
  native?: string;
}

export interface EmbeddingCall {
  id: number;
  kind: EmbeddingKind;
  texts: readonly string[];
}

/** The vectors of a call one after the other, or why there are none. */
export type EmbeddingAnswer = { id: number; vectors: Float32Array } | { id: number; error: string };

/** The first that is said: the model is loaded, by this version of onnxruntime-node if by that, or can't be. */
export type EmbeddingReady = { ready: string } | { failed: string };
