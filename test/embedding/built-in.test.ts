import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { builtInEmbedder, EmbeddingError } from '../../src/embedding/index.ts';
import { apart, dot, embedderContract, SAME } from '../contracts/embedder.ts';

const directory = fileURLToPath(new URL('../../dist/model', import.meta.url));
const missing = existsSync(join(directory, 'model.onnx')) ? '' : 'dist/model was not built: run npm ci';
if (missing !== '') it('the built-in model', (context) => context.skip(missing));

const alike: [string, string][] = [
  ['How do I reset my password?', 'I forgot my password and need to set a new one.'],
  ['The build is failing on the main branch.', 'Main is broken: the build does not pass.'],
  ['We store the backups in another region.', 'Backups are kept in a different region.'],
  ['The meeting was moved to Friday.', 'They rescheduled the meeting for Friday.'],
  ['Retry three times before giving up.', 'Give up after the third retry.'],
  ['The database ran out of disk space.', 'There was no space left on the disk of the database.'],
];

const unlike: [string, string][] = [
  ['How do I reset my password?', 'The cat slept on the warm window sill.'],
  ['The build is failing on the main branch.', 'She baked bread with olives and rosemary.'],
  ['We store the backups in another region.', 'He plays the violin in an orchestra.'],
  ['The meeting was moved to Friday.', 'Penguins cannot fly but swim very well.'],
  ['Retry three times before giving up.', 'The museum shows paintings of the Renaissance.'],
  ['The database ran out of disk space.', 'My grandmother grows tomatoes in her garden.'],
];

describe.skipIf(missing !== '')('the built-in embedder', () => {
  describe('as any other', () => embedderContract(builtInEmbedder));

  const embedder = builtInEmbedder();
  afterAll(() => embedder.close());

  it('says what its vectors are', async () => {
    expect(await embedder.form()).toEqual({ id: 'all-MiniLM-L6-v2/coterie-1', dimensions: 384 });
  });

  it.each(alike)('finds alike: %s | %s', async (a, b) => {
    const [left, right] = await embedder.embed([a, b], 'document');
    expect(dot(left ?? [], right ?? [])).toBeGreaterThan(0.6);
  });

  it.each(unlike)('finds unlike: %s | %s', async (a, b) => {
    const [left, right] = await embedder.embed([a, b], 'document');
    expect(dot(left ?? [], right ?? [])).toBeLessThan(0.2);
  });

  it('makes the vectors that TensorFlow makes of the same weights in floats: cosine over .99', async () => {
    const file = new URL('./fixtures/tensorflow.json', import.meta.url);
    const known: { text: string; vector: number[] }[] = JSON.parse(readFileSync(file, 'utf8'));
    const vectors = await embedder.embed(
      known.map(({ text }) => text),
      'document',
    );
    for (const [i, { vector }] of known.entries())
      expect(dot(vectors[i] ?? [], vector)).toBeGreaterThan(0.99);
  });

  it('looks at the first 256 tokens of a text', async () => {
    const long = 'river '.repeat(254);
    const [cut, longer, shorter] = await embedder.embed(
      [long, `${long} and quite another matter`, 'river '.repeat(253)],
      'document',
    );
    expect(apart(cut, longer)).toBeLessThan(SAME);
    expect(apart(cut, shorter)).toBeGreaterThan(SAME);
  });
});

describe('a model that cannot be used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coterie-model-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is an error that says where it was looked for', async () => {
    const embedder = builtInEmbedder({ directory: folder });
    await expect(embedder.embed(['a'], 'query')).rejects.toThrow(`The built-in model is not in ${folder}.`);
  });

  it('is an error when its files are damaged, until they are whole: the next call tries again', async (context) => {
    writeFileSync(join(folder, 'model.onnx'), 'no model');
    const embedder = builtInEmbedder({ directory: folder });
    await expect(embedder.embed(['a'], 'query')).rejects.toThrow(EmbeddingError);
    await expect(embedder.embed(['a'], 'query')).rejects.toThrow('The thread of the built-in model failed');
    if (missing !== '') return context.skip(missing);
    for (const name of readdirSync(directory)) copyFileSync(join(directory, name), join(folder, name));
    await expect(embedder.embed(['a'], 'query')).resolves.toHaveLength(1);
    await embedder.close();
  });
});
