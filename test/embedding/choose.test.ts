import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseEmbedder, type EmbeddingsSetting, memoryLeft } from '../../src/embedding/choose.ts';
import { EmbeddingError } from '../../src/embedding/index.ts';
import { scratch } from '../support/scratch.ts';
import { openai } from './support/adapters.ts';
import { endpoint } from './support/endpoint.ts';

/** A directory where the model seems to be: it is not loaded before the first text. */
function model(): string {
  const directory = scratch();
  writeFileSync(join(directory, 'model.onnx'), '');
  return directory;
}

const rich = () => 2e9;
const poor = () => 7e8;

it.each<[string, EmbeddingsSetting | undefined, () => number, boolean, string | undefined]>([
  ['without a setting the built-in model', undefined, rich, true, undefined],
  ['the built-in model by name', 'built-in', rich, true, undefined],
  ['nothing where the caller says so', false, rich, true, 'off by the caller'],
  ['nothing where memory is low', undefined, poor, true, 'low memory: 700 MB are available'],
  ['the built-in model by name where memory is low', 'built-in', poor, true, undefined],
  ['nothing where the model is missing', undefined, rich, false, 'model files missing'],
  ['nothing where the model is missing and asked for', 'built-in', rich, false, 'model files missing'],
  ['OpenAI where memory is low', { kind: 'openai', url: 'http://a', model: 'm' }, poor, false, undefined],
  ['Ollama where memory is low', { kind: 'ollama', model: 'm' }, poor, false, undefined],
])('chooses %s', async (_, setting, memory, there, off) => {
  const directory = there ? model() : scratch();
  const chosen = chooseEmbedder(setting, { memory, directory });
  if (off === undefined) expect(chosen.off).toBeUndefined();
  else expect(chosen.off?.startsWith(off)).toBe(true);
  expect(chosen.embedder === undefined).toBe(off !== undefined);
  await chosen.close();
});

it('the names tell the built-in model from endpoints', async () => {
  const id = async (setting: EmbeddingsSetting) =>
    (await chooseEmbedder(setting, { directory: model() }).embedder?.form())?.id;
  expect(await id('built-in')).toContain('MiniLM');
  expect(await id({ kind: 'openai', url: 'http://a', model: 'm', dimensions: 3 })).toContain('openai');
});

it('closes what it made, and leaves open what was given', async () => {
  const there = await endpoint(() => ({ body: openai.body([[1]]) }));
  const own = chooseEmbedder({ kind: 'openai', url: there.url, model: 'm' });
  await own.close();
  await expect(own.embedder?.embed(['a'], 'query')).rejects.toThrow('The embedder is closed.');
  const given = openai.open({ url: there.url });
  const chosen = chooseEmbedder(given);
  expect(chosen.embedder).toBe(given);
  await chosen.close();
  await expect(given.embed(['a'], 'query')).resolves.toHaveLength(1);
});

it.each([
  'openai',
  null,
  7,
  {},
  { kind: 'openai', url: 'http://a' },
  { kind: 'openai', model: 'm' },
  { kind: 'other', model: 'm' },
  { embed: () => [] },
])('refuses the setting %j', (setting) => {
  expect(() => chooseEmbedder(setting as EmbeddingsSetting)).toThrow(EmbeddingError);
});

it('knows how much memory is left: some, and no more than there is', () => {
  expect(memoryLeft()).toBeGreaterThan(0);
});
