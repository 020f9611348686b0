import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { type Life, startLife, workerFile } from './life.ts';
import { type Embedder, EmbeddingError, type VectorForm } from './port.ts';
import { dimensions } from './protocol.ts';

/** Raise the number when the same text would have another vector: other weights, other arithmetic, other cutting. */
const MODEL = 'all-MiniLM-L6-v2/coterie-1';

/** No dependency of ours: who wants it installs it. */
const NATIVE = 'onnxruntime-node';

export interface BuiltInOptions {
  /** Where the model's files are, if not in this package's `dist/model`. */
  directory?: string;
  /** The module of onnxruntime-node, if not the one that is installed beside this package; false: WebAssembly. */
  native?: string | false;
}

/** What runs the model, for as long as an embedder lives. */
interface Engine {
  form: VectorForm;
  native?: string;
  version?: string;
}

const wasm: Engine = { form: { id: MODEL, dimensions } };

const modelDirectory = (): string => resolve(dirname(workerFile()), '..', '..', 'model');

/** Whether the files of the model are there. */
export const hasBuiltInModel = (directory = modelDirectory()): boolean =>
  existsSync(resolve(directory, 'model.onnx'));

/** Where onnxruntime-node is installed, if it is and is wanted. */
function installed(): string | undefined {
  if (process.env['COTERIE_EMBEDDINGS_RUNTIME'] === 'wasm') return;
  try {
    return createRequire(import.meta.url).resolve(NATIVE);
  } catch {
    return;
  }
}

/**
 * Embeddings by all-MiniLM-L6-v2 on this machine. 384 dimensions; of each text the first 256 tokens count.
 *
 * It runs on a thread of its own that starts with the first text and takes up to 400 MB of memory. The thread stays until
 * `close`: the allocator keeps much of what a thread gives back, so that ending and starting it takes more, not less.
 * Where onnxruntime-node is installed, that runs it in a process of its own, from the first call on. Its vectors are a
 * little different, so they have another id.
 */
export function builtInEmbedder(options: BuiltInOptions = {}): Embedder {
  let life: Life | undefined;
  let closed = false;
  let engine: Promise<Engine> | undefined;

  function started(native: string | undefined): Life {
    if (life) return life;
    const directory = options.directory ?? modelDirectory();
    if (!hasBuiltInModel(directory)) throw new EmbeddingError(`The built-in model is not in ${directory}.`);
    const fresh = startLife(native === undefined ? { directory } : { directory, native }, () => {
      if (life === fresh) life = undefined;
    });
    life = fresh;
    return fresh;
  }

  /** Native only if it was seen to load the model: what it said of its vectors stays so. */
  async function choose(): Promise<Engine> {
    const native = options.native ?? installed();
    if (closed || native === undefined || native === false) return wasm;
    try {
      const version = await started(native).ready;
      return { form: { id: `${MODEL}/native-${version}`, dimensions }, native, version };
    } catch (error) {
      if (!closed)
        process.emitWarning(
          `${NATIVE} is installed and cannot be used, so WebAssembly runs the built-in model: ${(error as Error).message}`,
          { type: 'CoterieWarning', code: 'COTERIE_NATIVE_EMBEDDINGS' },
        );
      return wasm;
    }
  }
  const chosen = (): Promise<Engine> => {
    engine ??= choose();
    return engine;
  };
  const reject = (): never => {
    throw new EmbeddingError('The embedder is closed.');
  };

  return {
    form: async () => (await chosen()).form,
    async embed(texts, kind) {
      if (closed) reject();
      if (texts.length === 0) return [];
      const { native, version } = await chosen();
      if (closed) reject();
      const running = started(native);
      if (version !== undefined && (await running.ready) !== version)
        throw new EmbeddingError(`${NATIVE} is another version than when this began: start again.`);
      const vectors = await running.ask({ kind, texts });
      return texts.map((_, i) => vectors.slice(i * dimensions, (i + 1) * dimensions));
    },
    async close() {
      closed = true;
      await life?.end('The embedder is closed.');
    },
  };
}
