import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { builtInEmbedder } from '../../src/embedding/index.ts';
import { dot, embedderContract } from '../contracts/embedder.ts';
import { scratch } from '../support/scratch.ts';

const built = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
const hasModel = existsSync(join(built('model'), 'model.onnx'));
const WASM = 'all-MiniLM-L6-v2/coterie-1';

/** The module of onnxruntime-node: that of COTERIE_TEST_ONNXRUNTIME_NODE, or an installed one. */
function real(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(
      process.env['COTERIE_TEST_ONNXRUNTIME_NODE'] ?? ['onnxruntime', 'node'].join('-'),
    );
  } catch {
    return;
  }
}

/** A module in place of onnxruntime-node: loads anything, and does with a text what `run` says. */
function fake(run: string, version = '1.2.3'): string {
  const file = join(scratch(), 'fake.cjs');
  writeFileSync(
    file,
    `class Tensor { constructor(type, data) { this.data = data; } }
    const unit = () => { const data = new Float32Array(384); data[0] = 1; return { out: { data } }; };
    const session = { outputNames: ['out'], run: async () => { ${run} } };
    module.exports = {
      env: { versions: { node: '${version}' } }, Tensor, InferenceSession: { create: async () => session },
    };`,
  );
  return file;
}

function broken(source: string): string {
  const file = join(scratch(), 'broken.cjs');
  writeFileSync(file, source);
  return file;
}

const opened = (native: string | false) => {
  const embedder = builtInEmbedder({ native });
  onTestFinished(() => embedder.close());
  return embedder;
};

const needsModel = (context: { skip(note: string): void }): void => {
  if (!hasModel) context.skip('dist/model was not built: run npm ci');
};

describe('onnxruntime-node beside the built-in model', () => {
  beforeEach(needsModel);

  it('runs it where it can be loaded, and its version is in the id', async () => {
    const embedder = opened(fake('return unit();'));
    const form = await embedder.form();
    expect(form).toEqual({ id: `${WASM}/native-1.2.3`, dimensions: 384 });
    const [vector] = await embedder.embed(['a'], 'query');
    expect(Array.from(vector ?? []).indexOf(1)).toBe(0);
    expect(await embedder.form()).toEqual(form);
  });

  it('is not looked for where WebAssembly is wanted', async () => {
    expect((await opened(false).form()).id).toBe(WASM);
    vi.stubEnv('COTERIE_EMBEDDINGS_RUNTIME', 'wasm');
    onTestFinished(() => void vi.unstubAllEnvs());
    const embedder = builtInEmbedder();
    expect((await embedder.form()).id).toBe(WASM);
    await embedder.close();
  });

  it.each([
    ['exits', 'process.exit(7);'],
    ['is killed', "process.kill(process.pid, 'SIGKILL');"],
    ['has nothing more to do', ''],
  ])('has no process any more once the program %s', async (_, ends) => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection');
    const native = fake(`require('node:net').connect(${port}, '127.0.0.1'); return unit();`);
    // It may be over before the connection is heard of.
    const over = once(program(native, ends), 'exit');
    const [socket] = (await connected) as [Socket];
    // Broken off or closed: its process is gone.
    socket.on('error', () => undefined).resume();
    await Promise.all([over, new Promise((resolve) => socket.on('close', resolve))]);
  });

  it.each([
    ['throws as it is loaded', "throw new Error('no binding for this platform');", 'no binding'],
    ['ends the process as it is loaded', 'process.exit(3);', 'ended'],
    [
      'cannot load the model',
      "module.exports = { InferenceSession: { create: async () => { throw new Error('bad graph'); } } };",
      'bad graph',
    ],
  ])('where it %s, WebAssembly is used for good, and a warning says why', async (_, source, why) => {
    const embedder = opened(broken(source));
    const warned = once(process, 'warning');
    expect((await embedder.form()).id).toBe(WASM);
    const [warning] = (await warned) as [Error & { code?: string }];
    expect(warning.code).toBe('COTERIE_NATIVE_EMBEDDINGS');
    expect(warning.message).toContain(why);
    const [vector] = await embedder.embed(['a text'], 'query');
    expect(dot(vector ?? [], vector ?? [])).toBeCloseTo(1, 5);
    expect((await embedder.form()).id).toBe(WASM);
  });

  it('that ends its process at a text fails that call, and the next one has another process', async () => {
    const mark = join(scratch(), 'mark');
    const embedder = opened(
      fake(`const fs = require('node:fs');
        if (fs.existsSync('${mark}')) return unit();
        fs.writeFileSync('${mark}', ''); process.exit(3);`),
    );
    const { id } = await embedder.form();
    await expect(embedder.embed(['a'], 'query')).rejects.toThrow('The process of the built-in model ended.');
    await expect(embedder.embed(['a'], 'query')).resolves.toHaveLength(1);
    expect((await embedder.form()).id).toBe(id);
  });

  it('that is another version after such an end makes no vectors under the old id', async () => {
    const file = fake('process.exit(3);');
    const embedder = opened(file);
    await expect(embedder.embed(['a'], 'query')).rejects.toThrow('ended');
    writeFileSync(
      file,
      `module.exports = { env: { versions: { node: '9.9.9' } },
        InferenceSession: { create: async () => ({}) } };`,
    );
    await expect(embedder.embed(['a'], 'query')).rejects.toThrow('another version');
  });

  it('can be closed while it is loaded', async () => {
    const embedder = builtInEmbedder({
      native: broken('module.exports = { InferenceSession: { create: () => new Promise(() => {}) } };'),
    });
    const asked = expect(embedder.embed(['a'], 'query')).rejects.toThrow('The embedder is closed.');
    await embedder.close();
    await asked;
  });
});

/** A program that has texts under way, prints the process that runs the model, and then does what `ends` says. */
function program(native: string, ends: string): ChildProcess {
  const source = `
    import { builtInEmbedder } from ${JSON.stringify(new URL('../../dist/src/embedding/index.js', import.meta.url).href)};
    const embedder = builtInEmbedder({ native: ${JSON.stringify(native)} });
    await embedder.form();
    const texts = Array.from({ length: 500 }, (_, i) => 'word '.repeat(250) + i);
    const all = embedder.embed(texts, 'document');
    all.catch(() => {});
    await embedder.embed(['a question'], 'query');
    console.log('running');
    ${ends}`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

describe('with the real onnxruntime-node', () => {
  const native = real();
  beforeEach((context) => {
    if (native === undefined)
      context.skip('onnxruntime-node is not installed: name its folder in COTERIE_TEST_ONNXRUNTIME_NODE');
    needsModel(context);
  });

  describe('as any other', () => embedderContract(() => builtInEmbedder({ native: native ?? false })));

  it('makes nearly the vectors of WebAssembly, under another id', async () => {
    const [one, other] = [opened(native ?? false), opened(false)];
    expect((await one.form()).id).toMatch(/native-\d+[.]\d+/);
    const texts = ['The build is failing on the main branch.', 'Backups are kept in a different region.'];
    const [a, b] = await Promise.all([one.embed(texts, 'document'), other.embed(texts, 'document')]);
    for (const [i, vector] of a.entries()) expect(dot(vector, b[i] ?? [])).toBeGreaterThan(0.99);
  });

  it.each([
    ['exits', 'process.exit(7);', 7, null],
    ['closes the embedder and ends by itself', 'await embedder.close();', 0, null],
    ['throws', "throw new Error('on purpose');", 1, null],
    ['is killed', "process.kill(process.pid, 'SIGKILL');", null, 'SIGKILL'],
  ])('a program that %s while texts are under way does not abort', async (_, ends, code, signal) => {
    const running = program(native ?? '', ends);
    expect(await once(running, 'exit')).toEqual([code, signal]);
  });
});
