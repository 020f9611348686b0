// The one door to the runtime of the model. It is made by scripts/lib/model.mjs from packages that are not published
// with this one, so its types are here: what is used of them.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dimensions } from './protocol.ts';

interface Tensor {
  readonly data: unknown;
}

interface Session {
  readonly outputNames: readonly string[];
  run(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>;
}

/** What onnxruntime-web and onnxruntime-node have in common. */
interface Engine {
  Tensor: new (type: 'int64', data: BigInt64Array, shape: readonly number[]) => Tensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

interface Web extends Engine {
  Tokenizer: new (definition: unknown, settings: unknown) => { encode(text: string): { ids: number[] } };
  env: { wasm: { numThreads: number; wasmBinary?: Uint8Array } };
}

interface Native extends Engine {
  env: { versions: { node?: string } };
}

/** What the model was trained on; a text's further tokens are not looked at. */
const MOST_TOKENS = 256;
/** Enough for as many tokens in any prose: a text of megabytes is not read whole for its beginning. */
const MOST_CHARACTERS = 8192;
/** The token that ends a text. */
const END = 102;

export interface Model {
  /** Of onnxruntime-node, where that runs it. */
  readonly version: string;
  /** The tokens of a text, cut to what the model takes. */
  tokens(text: string): number[];
  /** The unit vector of one text. Several at a time are no faster on one core: they must be filled up to one length. */
  run(tokens: readonly number[]): Promise<Float32Array>;
}

const options = {
  graphOptimizationLevel: 'all',
  // It would keep the memory of the longest text.
  enableCpuMemArena: false,
};

async function webSession(runtime: Web, model: Uint8Array, binary: Uint8Array): Promise<Session> {
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmBinary = binary;
  const session = await runtime.InferenceSession.create(model, { ...options, executionProviders: ['wasm'] });
  delete runtime.env.wasm.wasmBinary;
  return session;
}

const nativeSession = (runtime: Native, model: Uint8Array): Promise<Session> =>
  runtime.InferenceSession.create(model, {
    ...options,
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });

/** Loads the model, by the module of onnxruntime-node if it is said where that is. */
export async function loadModel(directory: string, module?: string): Promise<Model> {
  const file = (name: string): string => join(directory, name);
  const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(file(name), 'utf8'));
  const native = module === undefined ? undefined : (createRequire(import.meta.url)(module) as Native);
  const web = (await import(pathToFileURL(file('runtime.mjs')).href)) as Web;
  const tokenizer = new web.Tokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'));
  const weights = await readFile(file('model.onnx'));
  const session = native
    ? await nativeSession(native, weights)
    : await webSession(web, weights, await readFile(file('ort.wasm')));
  const runtime: Engine = native ?? web;

  return {
    version: native?.env.versions.node ?? '',
    tokens(text) {
      const { ids } = tokenizer.encode(text.slice(0, MOST_CHARACTERS).toWellFormed());
      return ids.length <= MOST_TOKENS ? ids : [...ids.slice(0, MOST_TOKENS - 1), END];
    },
    async run(tokens) {
      const ids = new runtime.Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
      const outputs = await session.run({ input_ids: ids });
      const vector = outputs[session.outputNames[0] ?? '']?.data;
      if (!(vector instanceof Float32Array) || vector.length !== dimensions)
        throw new Error('The model gave no vector.');
      return vector;
    },
  };
}
