import { totalmem } from 'node:os';
import { builtInEmbedder, hasBuiltInModel } from './built-in.ts';
import { type OllamaOptions, ollamaEmbedder } from './ollama.ts';
import { type OpenAiOptions, openAiEmbedder } from './openai.ts';
import { type Embedder, EmbeddingError } from './port.ts';

/**
 * What makes vectors of texts, for search by meaning: nothing (`false`), the model that comes with the package
 * (`'built-in'`), an endpoint, or an embedder of one's own. To an endpoint go the texts of memories and tasks, and what is
 * looked for.
 */
export type EmbeddingsSetting =
  | false
  | 'built-in'
  | Embedder
  | ({ readonly kind: 'openai' } & OpenAiOptions)
  | ({ readonly kind: 'ollama' } & OllamaOptions);

/** An embedder, or why there is none. */
export interface Chosen {
  readonly embedder?: Embedder;
  /** In words for a person: begins with `off by the caller`, `low memory` or `model files missing`. */
  readonly off?: string;
  /** Closes an embedder that was made here; one that was given stays open. */
  close(): Promise<void>;
}

/** What the choice depends on besides the setting; a test may pass other. */
export interface Around {
  /** Bytes that this process may still take. */
  readonly memory?: (() => number) | undefined;
  /** Where the built-in model lies, if not in this package. */
  readonly directory?: string | undefined;
}

/** The built-in model takes up to 400 MB, and must leave room for what else is wanted, bytes. */
const LEAST_MEMORY = 1e9;

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1e6)} MB`;

/**
 * The embedder of a setting: without one the built-in model, unless there is little memory. Who asks for the built-in
 * model by name gets it all the same. Nothing is loaded or asked before the first text. Throws an `EmbeddingError` for a
 * setting that cannot be meant.
 */
export function chooseEmbedder(setting: EmbeddingsSetting | undefined, around: Around = {}): Chosen {
  if (setting === false) return none('off by the caller');
  if (setting === undefined || setting === 'built-in') return builtIn(setting, around);
  if (typeof setting !== 'object' || setting === null) throw new EmbeddingError(unknownSetting);
  if (!('kind' in setting)) {
    if (typeof setting.embed !== 'function' || typeof setting.form !== 'function')
      throw new EmbeddingError(unknownSetting);
    return { embedder: setting, close: async () => undefined };
  }
  if (typeof setting.model !== 'string') throw new EmbeddingError('Embeddings need the name of a model.');
  if (setting.kind === 'openai') return made(openAiEmbedder(setting));
  if (setting.kind === 'ollama') return made(ollamaEmbedder(setting));
  throw new EmbeddingError(unknownSetting);
}

const unknownSetting =
  "Embeddings are false, 'built-in', an embedder, or an object with the kind openai or ollama.";

const made = (embedder: Embedder): Chosen => ({ embedder, close: () => embedder.close() });
const none = (off: string): Chosen => ({ off, close: async () => undefined });

function builtIn(setting: 'built-in' | undefined, { memory = memoryLeft, directory }: Around): Chosen {
  if (!hasBuiltInModel(directory))
    return none('model files missing: dist/model is not in the package; install it again');
  const left = memory();
  if (setting === undefined && left < LEAST_MEMORY)
    return none(
      `low memory: ${megabytes(left)} are available, the built-in model wants ${megabytes(LEAST_MEMORY)}; ask for it by name to have it all the same`,
    );
  return made(builtInEmbedder(directory === undefined ? {} : { directory }));
}

/** Bytes that this process may still take, within the limits of its container. */
export function memoryLeft(): number {
  const available = process.availableMemory();
  const limit = process.constrainedMemory();
  // Not known.
  if (!(available > 0)) return Number.POSITIVE_INFINITY;
  // Of what macOS can give, older versions of Node count only what lies idle.
  if (process.platform === 'darwin') return Math.max(available, totalmem() / 4);
  return limit > 0 ? Math.min(available, limit) : available;
}
