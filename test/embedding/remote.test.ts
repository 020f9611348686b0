import { describe, expect, it } from 'vitest';
import { embedderContract } from '../contracts/embedder.ts';
import { type Adapter, ollama, openai } from './support/adapters.ts';
import { type Answering, type Endpoint, endpoint, vectorOf } from './support/endpoint.ts';

const SIZE = 16;

const usual =
  ({ body }: Adapter): Answering =>
  (asked) => ({ body: body(asked.body.input.map((text) => vectorOf(text, SIZE))) });

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  );

/** Settles from outside. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe.each([openai, ollama])('an embedder of $name', (adapter) => {
  const { body, open, route, name } = adapter;
  const inputs = ({ asked }: Endpoint): string[][] => asked.map((one) => one.body.input);

  describe('as any other', () => {
    embedderContract(async () => {
      // Documents wait for the query, where one is asked meanwhile: nothing else would tell that it does not wait for them.
      const asked = gate();
      const { url } = await endpoint(async (one, response) => {
        const [first = ''] = one.body.input;
        if (first.startsWith('What is kept')) await asked.opened;
        response.once('finish', () => first.startsWith('Where are') && asked.open());
        return usual(adapter)(one, response);
      });
      return open({ url });
    });
  });

  describe('what it asks', () => {
    it('sends model and texts, with what the model wants before them, to the route below the URL', async () => {
      const there = await endpoint(usual(adapter));
      const prefixes = { query: 'Q: ', document: 'D: ' };
      const embedder = open({ url: there.url, prefixes });
      await embedder.embed(['who'], 'query');
      await embedder.embed(['he', ''], 'document');
      expect(there.asked.map(({ path }) => path)).toEqual([route, route]);
      expect(inputs(there)).toEqual([['Q: who'], ['D: he', 'D: .']]);
      expect(there.asked[0]?.body.model).toBe('small');
    });

    it('knows what well-known models want before a text, unless it is told otherwise', async () => {
      const there = await endpoint(usual(adapter));
      const ask = async (model: string, more = {}) => {
        const embedder = open({ url: there.url, model, ...more });
        await embedder.embed(['x'], 'query');
        await embedder.embed(['x'], 'document');
        return inputs(there).slice(-2).flat();
      };
      expect(await ask('nomic-embed-text:latest')).toEqual(['search_query: x', 'search_document: x']);
      expect(await ask('intfloat/multilingual-e5-base')).toEqual(['query: x', 'passage: x']);
      expect(await ask('multilingual-e5-large-instruct')).toEqual(['x', 'x']);
      expect(await ask('text-embedding-3-small')).toEqual(['x', 'x']);
      expect(await ask('nomic-embed-text', { prefixes: { query: '', document: '' } })).toEqual(['x', 'x']);
    });

    it('learns the size from the first answer, once', async () => {
      const there = await endpoint(usual(adapter));
      const embedder = open({ url: there.url });
      expect((await embedder.form()).dimensions).toBe(SIZE);
      await embedder.form();
      expect(there.asked).toHaveLength(1);
      const after = open({ url: there.url });
      await after.embed(['a'], 'document');
      await after.form();
      expect(there.asked).toHaveLength(2);
    });

    it('has another id where vectors cannot be compared, and no secret in it', async () => {
      const there = await endpoint(usual(adapter));
      const other = await endpoint(usual(adapter));
      const id = async (options: object) => (await open({ url: there.url, ...options }).form()).id;
      const ids = await Promise.all([
        id({}),
        id({ url: other.url }),
        id({ model: 'large' }),
        id({ prefixes: { query: 'Q: ' } }),
        id({ prefixes: { document: 'Q: ' } }),
        id({ characters: 100 }),
      ]);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids[0]).toContain(name);
      expect(await id({ timeouts: { query: 999 }, batch: { texts: 1 } })).toBe(ids[0]);
      expect(await id({ url: `${there.url}?token=s3cret`, key: 's3cret' })).toBe(ids[0]);
    });

    it('sends batches of so many texts and characters, documents one batch at a time', async () => {
      let now = 0;
      let most = 0;
      const there = await endpoint(async (asked, response) => {
        most = Math.max(most, ++now);
        await new Promise(setImmediate);
        now--;
        return usual(adapter)(asked, response);
      });
      const embedder = open({ url: there.url, batch: { texts: 3, characters: 10 } });
      const texts = ['a', 'b', 'c', 'd', 'eeeeee', 'ffff', 'g', 'h'.repeat(50), 'i'];
      const more = ['j', 'k', 'l', 'm'];
      await Promise.all([embedder.embed(texts, 'document'), embedder.embed(more, 'document')]);
      expect(inputs(there)).toEqual([
        ['a', 'b', 'c'],
        ['d', 'eeeeee'],
        ['ffff', 'g'],
        ['h'.repeat(50)],
        ['i'],
        ['j', 'k', 'l'],
        ['m'],
      ]);
      expect(most).toBe(1);
    });

    it('cuts texts, and where a model takes less asks for as much as it takes', async () => {
      const there = await endpoint((asked, response) =>
        asked.body.input.some((text) => text.length > 600)
          ? { status: 400, body: { error: { message: 'maximum context length is 512 tokens' } } }
          : usual(adapter)(asked, response),
      );
      const embedder = open({ url: there.url, characters: 2000 });
      const vectors = await embedder.embed(['short', 'x'.repeat(9000)], 'document');
      expect(vectors).toHaveLength(2);
      expect(inputs(there).map((texts) => texts.map((text) => text.length))).toEqual([
        [5, 2000],
        [5],
        [2000],
        [1000],
        [500],
      ]);
    });
  });

  describe('what goes wrong', () => {
    const answers = (answering: Answering, more = {}) =>
      endpoint(answering).then((there) => ({ there, embedder: open({ url: there.url, ...more }) }));
    const vectors =
      (...lists: unknown[]): Answering =>
      () => ({ body: body(lists) });

    it.each<[string, Answering, RegExp]>([
      ['too few vectors', vectors(), /answered 0 vectors for 1 texts/],
      ['too many vectors', vectors([1], [2]), /answered 2 vectors for 1 texts/],
      [
        'an empty vector',
        vectors([]),
        /answered no vector for a text: check that the model makes embeddings/,
      ],
      ['no vector', vectors(null), /answered no vector for a text/],
      ['null among the numbers', vectors([1, null]), /something else than numbers/],
      ['text among the numbers', vectors([1, '2']), /something else than numbers/],
      ['a vector of zeros', vectors([0, 0]), /without a direction/],
      [
        'numbers that overflow',
        () => ({ body: JSON.stringify(body([['big']])).replace('"big"', '1e999') }),
        /numbers/,
      ],
      [
        'NaN',
        () => ({ body: JSON.stringify(body([['x']])).replace('"x"', 'NaN') }),
        /something else than JSON/,
      ],
      ['a page', () => ({ body: '<html>hello</html>' }), /something else than JSON: check that the URL/],
      ['nothing', () => ({ body: '' }), /something else than JSON/],
      ['other JSON', () => ({ body: { hello: 1 } }), /JSON without embeddings: check that the URL/],
      ['a list', () => ({ body: [] }), /JSON without embeddings/],
      [
        'a redirect',
        () => ({ status: 307, headers: { location: 'http://127.0.0.1:9/x?token=a' }, body: '' }),
        /sends on to http:\/\/127\.0\.0\.1:9\/x: give the URL of the endpoint itself/,
      ],
      [
        'an unknown model',
        () => ({ status: 404, body: { error: 'model "small" not found, try pulling it first' } }),
        /no such route or model \(404\): check the URL, and that it has the model small\. It says: model "small" not found/,
      ],
      [
        'a refusal',
        () => ({ status: 400, body: { error: { message: 'no embeddings here' } } }),
        /refuses \(400\): check the model small and its settings\. It says: no embeddings here/,
      ],
      [
        'no permission',
        () => ({ status: 401, body: '' }),
        /refuses \(401\): it wants a key\. Check COTERIE_EMBEDDINGS_KEY/,
      ],
    ])('%s is an error that says what to do, and is asked for once', async (_, answering, words) => {
      const { there, embedder } = await answers(answering);
      for (const kind of ['query', 'document'] as const) {
        const error = await failure(embedder.embed(['a'], kind));
        expect(error.name).toBe('EmbeddingError');
        expect(error.message).toMatch(words);
        expect(error.message).toContain(`127.0.0.1:${new URL(there.url).port}${route}`);
      }
      expect(there.asked).toHaveLength(2);
    });

    it('another size than before is an error, and so is one within an answer', async () => {
      let size = 4;
      const { embedder } = await answers((asked) => ({
        body: body(asked.body.input.map((text, i) => vectorOf(text, size + (i === 1 ? 1 : 0)))),
      }));
      await embedder.embed(['a'], 'query');
      await expect(embedder.embed(['a', 'b'], 'query')).rejects.toThrow(
        'vectors of 4 and of 5 numbers at once',
      );
      size = 6;
      await expect(embedder.embed(['a'], 'query')).rejects.toThrow(
        /vectors of 6 numbers, and earlier of 4: if small is another model now, open the workspace again/,
      );
      size = 4;
      await expect(embedder.embed(['a'], 'query')).resolves.toHaveLength(1);
    });

    it('a refused connection says that nothing listens there, and is not tried again', async () => {
      const { there, embedder } = await answers(usual(adapter));
      await there.stop();
      for (const kind of ['query', 'document'] as const)
        await expect(embedder.embed(['a'], kind)).rejects.toThrow(
          `${there.url}${route} cannot be reached: nothing listens there. Start it, or check the URL.`,
        );
      await expect(embedder.form()).rejects.toThrow('nothing listens there');
    });

    it('a name that nobody bears says so', async () => {
      await expect(open({ url: 'http://nobody.invalid' }).embed(['a'], 'query')).rejects.toThrow(
        /http:\/\/nobody\.invalid\/.* cannot be reached: its name .*heck .*the network\./,
      );
    });

    it.each(['query', 'document'] as const)('a server that hangs ends a %s after its time', async (kind) => {
      const { there, embedder } = await answers(() => undefined, { timeouts: { query: 50, document: 50 } });
      await expect(embedder.embed(['a'], kind)).rejects.toThrow(
        /did not answer within 0\.1 s: it may be overloaded, or still loading small/,
      );
      expect(there.asked).toHaveLength(1);
    });

    it('a server that hangs in the middle of its answer ends as well', async () => {
      const { embedder } = await answers(
        (_, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write('{"data": [');
          return undefined;
        },
        { timeouts: { query: 50 } },
      );
      await expect(embedder.embed(['a'], 'query')).rejects.toThrow('did not answer within');
    });

    it.each([429, 500, 502, 503])(
      'documents are asked for again after %s, so often at most',
      async (status) => {
        let left = 2;
        const { there, embedder } = await answers((asked, response) =>
          left-- > 0
            ? { status, headers: { 'retry-after': '0' }, body: '' }
            : usual(adapter)(asked, response),
        );
        await expect(embedder.embed(['a'], 'document')).resolves.toHaveLength(1);
        expect(there.asked).toHaveLength(3);
        left = 99;
        await expect(embedder.embed(['a'], 'document')).rejects.toThrow(
          status === 429
            ? 'is asked too often (429): try again later.'
            : `has trouble (${status}): try again later.`,
        );
        expect(there.asked).toHaveLength(8);
        left = 1;
        await expect(embedder.embed(['a'], 'document')).resolves.toHaveLength(1);
      },
    );

    it('a connection that breaks is tried again for documents', async () => {
      let left = 1;
      const { there, embedder } = await answers((asked, response) => {
        if (left-- <= 0) return usual(adapter)(asked, response);
        response.destroy();
        return undefined;
      });
      await expect(embedder.embed(['a'], 'document')).resolves.toHaveLength(1);
      expect(there.asked).toHaveLength(2);
    });

    it('waits as long as Retry-After says, in seconds or as a time, and not for longer than a minute', async () => {
      let header = '1';
      let left = 1;
      const { there, embedder } = await answers((asked, response) =>
        left-- > 0
          ? { status: 429, headers: { 'retry-after': header }, body: '' }
          : usual(adapter)(asked, response),
      );
      const began = performance.now();
      await embedder.embed(['a'], 'document');
      expect(performance.now() - began).toBeGreaterThan(900);
      for (header of ['3600', new Date(Date.now() + 3_600_000).toUTCString()]) {
        left = 1;
        await expect(embedder.embed(['a'], 'document')).rejects.toThrow('(429)');
      }
      expect(there.asked).toHaveLength(4);
    });

    it('a query is tried again only within its time', async () => {
      let left = 1;
      const { there, embedder } = await answers(
        (asked, response) => (left-- > 0 ? { status: 503, body: '' } : usual(adapter)(asked, response)),
        { timeouts: { query: 5000 } },
      );
      await expect(embedder.embed(['a'], 'query')).resolves.toHaveLength(1);
      const late = await answers(() => ({ status: 429, headers: { 'retry-after': '20' }, body: '' }));
      await expect(late.embedder.embed(['a'], 'query')).rejects.toThrow('(429)');
      expect([there.asked.length, late.there.asked.length]).toEqual([2, 1]);
    });

    it('an answer without end is left', async () => {
      const { embedder } = await answers((_, response) => {
        const part = ' '.repeat(1024 * 1024);
        const more = (): void => {
          while (!response.destroyed && response.write(part));
        };
        response.on('drain', more);
        more();
        return undefined;
      });
      await expect(embedder.embed(['a'], 'query')).rejects.toThrow('it is no embeddings endpoint');
    });

    it.each([
      ['no url', /begins with http:\/\/ or https:\/\//],
      ['ftp://a/', /begins with ftp:/],
      ['http://kai:s3cret@127.0.0.1/', /holds a name or password/],
    ])('the URL %j is refused', (url, words) => {
      expect(() => open({ url })).toThrow(words);
      expect(() => open({ url })).not.toThrow(/s3cret/);
    });

    it('a model without a name is refused', () => {
      expect(() => open({ url: 'http://127.0.0.1', model: ' ' })).toThrow('need the name of a model');
    });
  });
});
