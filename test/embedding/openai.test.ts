import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { openAiEmbedder } from '../../src/embedding/index.ts';
import { openai } from './support/adapters.ts';
import { endpoint, vectorOf } from './support/endpoint.ts';

const key = 'sk-s3cret.key/with+odd=signs';

it('sends the key as a bearer token, and the dimensions that are wanted', async () => {
  const there = await endpoint(({ body }) => ({
    body: openai.body(body.input.map((text) => vectorOf(text, body.dimensions ?? 1))),
  }));
  const embedder = openAiEmbedder({ url: there.url, model: 'large', key, dimensions: 8 });
  expect((await embedder.form()).dimensions).toBe(8);
  expect(there.asked).toHaveLength(0);
  expect((await embedder.embed(['a'], 'query'))[0]).toHaveLength(8);
  expect(there.asked[0]?.headers['authorization']).toBe(`Bearer ${key}`);
  expect(there.asked[0]?.body).toEqual({ model: 'large', input: ['a'], dimensions: 8 });
});

it('other dimensions than were asked for are an error', async () => {
  const there = await endpoint(() => ({ body: openai.body([[1, 2, 3]]) }));
  const embedder = openAiEmbedder({ url: there.url, model: 'large', dimensions: 8 });
  await expect(embedder.embed(['a'], 'query')).rejects.toThrow(
    'vectors of 3 numbers, not of 8: leave the dimensions out, or set what large makes.',
  );
  for (const dimensions of [0, -1, 1.5])
    expect(() => openAiEmbedder({ url: there.url, model: 'large', dimensions })).toThrow('a whole number');
});

it('takes vectors in the order of their index', async () => {
  const there = await endpoint(() => ({
    body: {
      data: [
        { index: 1, embedding: [0, 1] },
        { index: 0, embedding: [1, 0] },
      ],
    },
  }));
  const embedder = openAiEmbedder({ url: there.url, model: 'small' });
  expect((await embedder.embed(['a', 'b'], 'query')).map((one) => [...one])).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

it.each([
  [[0, 0], 'answered 1 vectors for 2 texts'],
  [[0, 2], 'JSON without embeddings'],
  [[0, -1], 'JSON without embeddings'],
  [[0, 'x'], 'JSON without embeddings'],
])('an index that cannot be, as in %j, is an error', async (indexes, words) => {
  const there = await endpoint(() => ({
    body: { data: indexes.map((index) => ({ index, embedding: [1, 0] })) },
  }));
  const embedder = openAiEmbedder({ url: there.url, model: 'small' });
  await expect(embedder.embed(['a', 'b'], 'query')).rejects.toThrow(words);
});

it.each([
  ['', '/v1/embeddings'],
  ['/', '/v1/embeddings'],
  ['/v1', '/v1/embeddings'],
  ['/v1/embeddings', '/v1/embeddings'],
  ['/openai/v4/', '/openai/v4/embeddings'],
  ['/azure/deployments/x?api-version=1', '/azure/deployments/x/embeddings?api-version=1'],
])('the URL with the path %j asks %s', async (path, asked) => {
  const there = await endpoint(() => ({ body: openai.body([[1]]) }));
  await openAiEmbedder({ url: there.url + path, model: 'small' }).embed(['a'], 'query');
  expect(there.asked.map((one) => one.path)).toEqual([asked]);
});

it.each([
  ['in a message', 401, { error: { message: `Incorrect API key provided: ${key}` } }],
  ['in an unknown shape', 400, `<b>${key}</b>`],
  ['in text', 400, `no ${key}`],
  ['where JSON should be', 200, `you sent ${key}`],
  ['again and again', 500, { message: `${key} ${key}` }],
])('the key is in no message: an endpoint that repeats it %s', async (_, status, body) => {
  const there = await endpoint(() => ({ status, body }));
  const embedder = openAiEmbedder({ url: `${there.url}/v1?token=${key}`, model: 'small', key, backoff: 1 });
  const error: unknown = await embedder.embed(['a'], 'document').catch((raised: unknown) => raised);
  expect(inspect(error, { depth: 9 })).toContain('127.0.0.1');
  expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
});

it.each(['sk-s3cret\n', 'sk s3cret', 'sk-s3cret…', ''])(
  'the key %j, which no header takes, is refused without showing it',
  (odd) => {
    const open = () => openAiEmbedder({ url: 'http://127.0.0.1', model: 'small', key: odd });
    expect(open).toThrow('The key for embeddings');
    expect(open).not.toThrow(/s3cret/);
  },
);

it('nothing that is sent on with a redirect reaches another', async () => {
  const other = await endpoint(() => ({ body: openai.body([[1]]) }));
  const there = await endpoint(() => ({ status: 308, headers: { location: other.url }, body: '' }));
  const embedder = openAiEmbedder({ url: there.url, model: 'small', key });
  await expect(embedder.embed(['a'], 'query')).rejects.toThrow('sends on to');
  expect(other.asked).toEqual([]);
});
