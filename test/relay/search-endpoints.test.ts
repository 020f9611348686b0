import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmbeddingsSetting } from '../../src/embedding/index.ts';
import type { RemoteOptions } from '../../src/embedding/remote/remote.ts';
import { type Adapter, ollama, openai } from '../embedding/support/adapters.ts';
import { type Answering, type Asked, endpoint } from '../embedding/support/endpoint.ts';
import { nodeIn } from '../support/node.ts';
import { scratch } from '../support/scratch.ts';
import { home } from './cli/support.ts';
import { onHttp } from './mcp/support.ts';

/** Words that mean the same to the endpoint. */
const senses = [
  ['vehicle', 'car', 'automobile'],
  ['invoice', 'payment', 'bill'],
];
const vectorsOf = ({ body }: Asked, dimensions = senses.length + 1): number[][] =>
  [body.input].flat().map((text) => {
    const vector = Array.from({ length: dimensions }, () => 0);
    for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
      const sense = senses.findIndex((group) => group.includes(word));
      vector[sense < 0 ? dimensions - 1 : sense] = 1;
    }
    return vector;
  });

const settingOf = (adapter: Adapter, url: string, options: Partial<RemoteOptions>): EmbeddingsSetting => {
  const kind = adapter.name as 'openai' | 'ollama';
  return { kind, url, model: 'small', ...options };
};

/** Of one that never answers nobody waits long; the others have their time. */
const soon = { timeouts: { query: 200, document: 200 } };
const usual = { backoff: 10 };

/** A node whose vectors an endpoint makes, with two memories. */
async function nodeOn(
  adapter: Adapter,
  url: string,
  { root = scratch(), ...options }: Partial<RemoteOptions> & { root?: string } = usual,
) {
  const made = await nodeIn(root, { embeddings: settingOf(adapter, url, options) });
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= made.node.close());
  onTestFinished(close);
  const kai = made.as('kai');
  await kai.memory.remember({ text: 'The automobile stands in the yard', key: 'yard' });
  await kai.memory.remember({ text: 'Every bill is sent on Friday', key: 'friday' });
  return { kai, node: made.node, close };
}

describe.each([openai, ollama])('SEA-6: an endpoint of $name that', (adapter) => {
  const good: Answering = (asked) => ({ body: adapter.body(vectorsOf(asked)) });

  it.each<[string, Answering, RegExp]>([
    ['is not there', good, /nothing listens there/],
    ['never answers', () => undefined, /did not answer within 0\.2 s/],
    [
      'has trouble',
      // Later than a query waits: it is not asked again.
      () => ({ status: 500, headers: { 'retry-after': '50' }, body: { error: 'out of memory' } }),
      /\(500\).*out of memory/,
    ],
    ['refuses', () => ({ status: 401, body: {} }), /refuses \(401\): it wants a key/],
    ['answers no JSON', () => ({ body: '{"data": [' }), /something else than JSON/],
    ['answers other JSON', () => ({ body: { ok: true } }), /JSON without embeddings/],
    ['answers too few vectors', () => ({ body: adapter.body([]) }), /answered 0 vectors for 1 texts/],
    ['answers vectors of nothing', () => ({ body: adapter.body([[0, 0]]) }), /without a direction/],
  ])('%s: the words answer at every door, and say why', async (name, answering, reason) => {
    const there = await endpoint(answering);
    if (name === 'is not there') await there.stop();
    const { kai, node } = await nodeOn(adapter, there.url, name === 'never answers' ? soon : usual);
    const words = await kai.recall({ q: 'automobile' });
    expect(words).toMatchObject({ modes: ['text'], results: [{ place: 'yard' }] });
    expect(words.fallback).toMatch(reason);

    // Nothing has the word: that the meaning did not count is said also there.
    for (const mode of ['semantic', 'hybrid'] as const) {
      const none = await kai.search({ q: 'vehicle', mode });
      expect(none).toMatchObject({ modes: ['text'], total: 0, missing: ['vehicle'] });
      expect(none.fallback).toMatch(reason);
    }
    const agent = await onHttp(node, 'kai');
    const said = await agent.does('search', { query: 'vehicle', kind: 'memory' });
    expect(said.text).toMatch(/^nothing found\nby words alone: /);
    expect(said.text).toMatch(reason);
    expect((await kai.status()).search.embeddings.trouble).toMatch(reason);
  });

  it('makes vectors of queries alone: what is not found by meaning is counted, and the words answer', async () => {
    const there = await endpoint((asked) =>
      asked.body.input.includes('vehicle') || asked.body.input.includes('car')
        ? good(asked, undefined as never)
        : { status: 500, body: { error: 'too much' } },
    );
    const { kai } = await nodeOn(adapter, there.url);
    await kai.recall({ q: 'vehicle', mode: 'text' });
    await kai.recall({ q: 'vehicle' });
    await expect.poll(async () => (await kai.status()).search.embeddings.trouble).toContain('(500)');
    expect(await kai.recall({ q: 'vehicle', mode: 'semantic' })).toMatchObject({
      modes: ['text'],
      fallback: expect.stringMatching(/and 2 texts have none yet: .*\(500\)/),
      unembedded: 2,
      missing: ['vehicle'],
    });
    expect(await kai.recall({ q: 'vehicle' })).toMatchObject({
      modes: ['text', 'semantic'],
      unembedded: 2,
      notes: [expect.stringMatching(/^no vectors are made at present: .*\(500\)/)],
    });
  });

  it('changes the size of its vectors: said until the workspace is opened again, then all is made anew', async () => {
    const root = scratch();
    let dimensions = 3;
    const there = await endpoint((asked) => ({ body: adapter.body(vectorsOf(asked, dimensions)) }));
    const { kai, close } = await nodeOn(adapter, there.url, { root, ...usual });
    const byMeaning = { modes: ['semantic'], total: 1, results: [{ place: 'yard' }] };
    expect(await kai.recall({ q: 'vehicle', mode: 'semantic' })).toMatchObject(byMeaning);
    dimensions = 5;
    const changed = await kai.recall({ q: 'car', mode: 'semantic' });
    expect(changed).toMatchObject({ modes: ['text'], total: 0, missing: ['car'] });
    expect(changed.fallback).toMatch(/vectors of 5 numbers, and earlier of 3: .* open the workspace again/);
    await close();
    const again = await nodeOn(adapter, there.url, { root, ...usual });
    expect(await again.kai.recall({ q: 'vehicle', mode: 'semantic' })).toMatchObject(byMeaning);
  });
});

it('an endpoint that keeps having trouble is heard of before a search stops waiting', async () => {
  const there = await endpoint(() => ({ status: 503, body: { error: 'warming up' } }));
  const { kai } = await nodeOn(openai, there.url, {});
  expect((await kai.recall({ q: 'automobile' })).fallback).toMatch(/has trouble \(503\).* warming up/);
});

it('the command line says so where no node runs', async () => {
  const there = await endpoint(() => ({ body: {} }));
  await there.stop();
  const here = home();
  const env = {
    COTERIE_EMBEDDINGS: 'openai',
    COTERIE_EMBEDDINGS_URL: there.url,
    COTERIE_EMBEDDINGS_MODEL: 'small',
  };
  await here.run(['remember', 'The automobile stands in the yard'], { env });
  const people = await here.run(['recall', 'vehicle'], { env });
  expect(people.stdout).toMatch(/^nothing found\n\nby words alone: .*nothing listens there/);
  const programs = await here.run(['recall', 'automobile', '--explain', '--json'], { env });
  expect(JSON.parse(programs.stdout)).toMatchObject({
    modes: ['text'],
    fallback: expect.stringContaining('nothing listens there'),
    results: [{ kind: 'memory', why: { coverage: 1 } }],
  });
  expect([people.code, programs.code]).toEqual([0, 0]);
});
