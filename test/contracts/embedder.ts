import { expect, it, onTestFinished } from 'vitest';
import { type Embedder, EmbeddingError } from '../../src/embedding/index.ts';

export const dot = (a: Float32Array | readonly number[], b: Float32Array | readonly number[]): number =>
  Array.from(a).reduce((sum, one, i) => sum + one * (b[i] ?? 0), 0);

/** By how much two vectors differ at most in a number. */
export const apart = (a: Float32Array | undefined, b: Float32Array | undefined): number =>
  Math.max(...Array.from(a ?? [Number.NaN]).map((one, i) => Math.abs(one - (b?.[i] ?? Number.NaN))));

/** By how much the same text may differ in each number, whatever it is asked with. */
export const SAME = 1e-6;

const odd = [
  '',
  ' ',
  '\n',
  '\u{1f389}',
  'a\ud800b',
  '\udc00',
  '日本語',
  'x'.repeat(20_000),
  'word '.repeat(3000),
];

/** What every embedder does. Each test has one of its own, or all have one that is closed by who made it. */
export function embedderContract(open: () => Embedder | Promise<Embedder>): void {
  const opened = async (): Promise<Embedder> => {
    const embedder = await open();
    onTestFinished(() => embedder.close());
    return embedder;
  };

  it('has unit vectors of the size that it says, in the order of the texts, also of empty and odd ones', async () => {
    const embedder = await opened();
    const { dimensions } = await embedder.form();
    const vectors = await embedder.embed(odd, 'document');
    expect(vectors).toHaveLength(odd.length);
    for (const vector of vectors) {
      expect(vector).toBeInstanceOf(Float32Array);
      expect(vector).toHaveLength(dimensions);
      expect(dot(vector, vector)).toBeCloseTo(1, 5);
    }
    const [alone] = await embedder.embed(['日本語'], 'document');
    expect(apart(vectors[6], alone)).toBeLessThan(SAME);
    expect(apart(vectors[7], alone)).toBeGreaterThan(SAME);
    for (const kind of ['query', 'document'] as const) expect(await embedder.embed([], kind)).toEqual([]);
  });

  it('says the same of its vectors before and after it made some', async () => {
    const embedder = await opened();
    const before = await embedder.form();
    await embedder.embed(['a text'], 'query');
    expect(await embedder.form()).toEqual(before);
    expect(before.id).not.toBe('');
  });

  it('gives a text the same vector in any batch', async () => {
    const embedder = await opened();
    const texts = Array.from({ length: 12 }, (_, i) => `The build number ${i} failed. `.repeat(1 + (i % 5)));
    const together = await embedder.embed([...texts, ...texts], 'document');
    for (const [i, text] of texts.entries()) {
      const [alone] = await embedder.embed([text], 'document');
      expect(apart(together[i], alone)).toBeLessThan(SAME);
      expect(apart(together[i + texts.length], alone)).toBeLessThan(SAME);
    }
  });

  it('answers a query before documents that were asked for earlier', async () => {
    const embedder = await opened();
    const order: string[] = [];
    const texts = Array.from({ length: 48 }, (_, i) => `What is kept under the number ${i}.`);
    const documents = embedder.embed(texts, 'document');
    const query = embedder.embed(['Where are the backups?'], 'query');
    await Promise.all([documents.then(() => order.push('documents')), query.then(() => order.push('query'))]);
    expect(order).toEqual(['query', 'documents']);
  });

  it('rejects what is under way when it is closed, and what is asked afterwards', async () => {
    const embedder = await open();
    const underway = [
      embedder.embed(['a text'], 'document'),
      embedder.embed(['another text'], 'document'),
      embedder.embed(['a question'], 'query'),
    ].map((one) => expect(one).rejects.toThrow('The embedder is closed.'));
    await embedder.close();
    await Promise.all(underway);
    for (const kind of ['query', 'document'] as const)
      await expect(embedder.embed(['a text'], kind)).rejects.toThrow(EmbeddingError);
    await embedder.close();
  });
}
