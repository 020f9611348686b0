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
import { builtInEmbedder, type Embedder, EmbeddingError } from '../../src/embedding/index.ts';

const directory = fileURLToPath(new URL('../../dist/model', import.meta.url));
const missing = existsSync(join(directory, 'model.onnx')) ? '' : 'dist/model was not built: run npm ci';
if (missing !== '') it('the built-in model', (context) => context.skip(missing));

/** By how much the same text may differ in each number, whatever it is asked with. */
const SAME = 1e-6;

const dot = (a: Float32Array | number[], b: Float32Array | number[]): number =>
  Array.from(a).reduce((sum, one, i) => sum + one * (b[i] ?? 0), 0);

const apart = (a: Float32Array | undefined, b: Float32Array | undefined): number =>
  Math.max(...Array.from(a ?? []).map((one, i) => Math.abs(one - (b?.[i] ?? 0))));

async function one(embedder: Embedder, text: string): Promise<Float32Array> {
  const [vector] = await embedder.embed([text], 'query');
  return vector ?? new Float32Array();
}

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
  const embedder = builtInEmbedder();
  afterAll(() => embedder.close());

  it('has unit vectors of 384 numbers, in the order of the texts, also of empty and odd ones', async () => {
    const texts = ['', ' ', '\u{1f389}', 'a\ud800b', '日本語', 'x'.repeat(20_000), 'word '.repeat(3000)];
    const vectors = await embedder.embed(texts, 'document');
    expect(vectors).toHaveLength(texts.length);
    for (const vector of vectors) {
      expect(vector).toHaveLength(384);
      expect(dot(vector, vector)).toBeCloseTo(1, 5);
    }
    expect(await embedder.embed([], 'document')).toEqual([]);
    expect(embedder.dimensions).toBe(384);
    expect(apart(vectors[4], await one(embedder, '日本語'))).toBeLessThan(SAME);
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

  it('gives a text the same vector in any batch', async () => {
    const texts = [...alike, ...unlike].flat().map((text, i) => text.repeat(1 + (i % 5)));
    const together = await embedder.embed([...texts, ...texts], 'document');
    for (const [i, text] of texts.entries()) {
      const alone = await one(embedder, text);
      expect(apart(together[i], alone)).toBeLessThan(SAME);
      expect(apart(together[i + texts.length], alone)).toBeLessThan(SAME);
    }
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

  it('answers a query before documents that were asked for earlier', async () => {
    const order: string[] = [];
    const documents = embedder.embed(alike.concat(unlike, alike, unlike).flat(), 'document');
    const query = embedder.embed(['Where are the backups?'], 'query');
    await Promise.all([documents.then(() => order.push('documents')), query.then(() => order.push('query'))]);
    expect(order).toEqual(['query', 'documents']);
  });
});

describe.skipIf(missing !== '')('the thread of the built-in embedder', () => {
  it('rejects what is under way when it is closed, and what is asked afterwards', async () => {
    const embedder = builtInEmbedder();
    const underway = embedder.embed(['a text'], 'document');
    const rejected = expect(underway).rejects.toThrow('The embedder is closed.');
    await embedder.close();
    await rejected;
    await expect(embedder.embed(['a text'], 'query')).rejects.toThrow(EmbeddingError);
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
