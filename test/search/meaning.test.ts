import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Embedder, EmbeddingError } from '../../src/embedding/port.ts';
import { openSearch, type Search } from '../../src/search/index.ts';
import type { SearchOptions, TextQuery } from '../../src/search/types.ts';
import { type ArraySource, arraySource } from './source.ts';

let directory: string;
let opened: Search[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coterie-meaning-'));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((search) => search.close()));
  rmSync(directory, { recursive: true, force: true });
});

/** Groups of words that mean the same to this embedder: each group is a direction, any other word a little noise. */
const senses = [
  ['vehicle', 'car', 'automobile', 'truck'],
  ['money', 'invoice', 'payment', 'billing'],
  ['weather', 'rain', 'storm', 'sunny'],
  ['animal', 'dog', 'cat', 'horse'],
];

interface Made extends Embedder {
  /** Texts that it made vectors of, but for queries. */
  readonly texts: string[];
  readonly queries: string[];
  /** When set, each call rejects with it. */
  failure: Error | undefined;
  /** When set, a call with such a text rejects. */
  refuses: string | undefined;
  /** When set, each call waits for it. */
  gate: Promise<void> | undefined;
}

function embedder(id = 'senses', dimensions = senses.length + 1): Made {
  const vectorOf = (text: string): Float32Array => {
    const vector = new Float32Array(dimensions);
    for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
      const sense = senses.findIndex((group) => group.includes(word));
      vector[sense < 0 ? dimensions - 1 : sense] = 1;
    }
    const length = Math.hypot(...vector) || 1;
    return vector.map((one) => one / length);
  };
  return {
    texts: [],
    queries: [],
    failure: undefined,
    refuses: undefined,
    gate: undefined,
    form: async () => ({ id, dimensions }),
    async embed(texts, kind) {
      await this.gate;
      if (this.failure) throw this.failure;
      if (this.refuses !== undefined && texts.some((text) => text.includes(this.refuses ?? '')))
        throw new EmbeddingError('One of these texts is refused.');
      (kind === 'query' ? this.queries : this.texts).push(...texts);
      return texts.map(vectorOf);
    },
    close: async () => undefined,
  };
}

function open(source: ArraySource, more: Partial<SearchOptions> = {}): Search {
  const search = openSearch({ directory: undefined, source, ...more });
  opened.push(search);
  return search;
}
const ask = (search: Search, text: string, more: Partial<TextQuery> = {}) =>
  search.query({ text, limit: 20, offset: 0, mode: 'hybrid', ...more });
const idsOf = async (...given: Parameters<typeof ask>) => (await ask(...given)).hits.map(({ id }) => id);

function garage(): ArraySource {
  const source = arraySource();
  source.put({ id: 'car', kind: 'memory', text: 'The automobile stands in the yard' });
  source.put({ id: 'money', kind: 'memory', title: 'Billing', text: 'goes out on Fridays' });
  source.put({ id: 'dog', kind: 'task', title: 'Feed the dog', text: '' });
  source.put({ id: 'chat', kind: 'message', text: 'my truck broke down' });
  return source;
}
const files = () =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
        .join('')
    : '';

describe('a search by meaning', () => {
  test('finds memories and tasks that share no word with the question', async () => {
    const search = open(garage(), { embedder: embedder() });
    expect(await idsOf(search, 'vehicle')).toEqual(['car']);
    expect(await idsOf(search, 'invoice', { mode: 'semantic' })).toEqual(['money']);
    expect(await idsOf(search, 'horse')).toEqual(['dog']);
    const found = await ask(search, 'cat');
    expect(found).toMatchObject({ ranked: 'hybrid', mode: 'meaning' });
    expect(found.fallback).toBeUndefined();
    expect(found.unembedded).toBeUndefined();
  });

  test('messages are found by meaning when asked for', async () => {
    const search = open(garage(), { embedder: embedder(), embeds: ['memory', 'task', 'message'] });
    expect((await idsOf(search, 'vehicle')).sort()).toEqual(['car', 'chat']);
  });

  test('words count beside it, and why is told', async () => {
    const source = garage();
    source.put({ id: 'both', kind: 'memory', text: 'The automobile is a vehicle' });
    const search = open(source, { embedder: embedder() });
    const { hits } = await ask(search, 'vehicle', { explain: true });
    expect(hits.map(({ id }) => id)).toEqual(['both', 'car']);
    expect(hits[0]?.why).toMatchObject({ text: 1, coverage: 1 });
    expect(hits[1]?.why).toMatchObject({ text: 0, coverage: 0 });
    expect(hits[1]?.why?.cosine).toBeGreaterThan(0.5);
  });

  test('filters hold of what the meaning finds', async () => {
    const source = arraySource();
    source.put({ id: 'a', kind: 'memory', text: 'car', facets: ['in:a'] });
    source.put({ id: 'b', kind: 'memory', text: 'truck', facets: ['in:b'] });
    const search = open(source, { embedder: embedder() });
    expect(await idsOf(search, 'vehicle', { facets: { all: [['in:b']], none: [] } })).toEqual(['b']);
    expect(await idsOf(search, 'vehicle', { without: ['truck'] })).toEqual(['a']);
  });

  test('edits, removals and what comes later count at once', async () => {
    const source = garage();
    const search = open(source, { embedder: embedder() });
    expect(await idsOf(search, 'vehicle')).toEqual(['car']);
    source.put({ id: 'car', kind: 'memory', text: 'The cat stands in the yard' });
    source.put({ id: 'new', kind: 'memory', text: 'A truck' });
    search.notify();
    expect(await idsOf(search, 'vehicle')).toEqual(['new']);
    source.remove('new');
    expect(await idsOf(search, 'vehicle')).toEqual([]);
    expect((await idsOf(search, 'animal')).sort()).toEqual(['car', 'dog']);
  });

  test('documents of equal content have one vector', async () => {
    const source = arraySource();
    for (const id of ['a', 'b', 'c']) source.put({ id, kind: 'memory', text: 'the same car' });
    const made = embedder();
    const search = open(source, { embedder: made });
    expect((await idsOf(search, 'vehicle')).sort()).toEqual(['a', 'b', 'c']);
    source.remove('a');
    source.put({ id: 'd', kind: 'memory', text: 'the same car' });
    expect((await idsOf(search, 'vehicle')).sort()).toEqual(['b', 'c', 'd']);
    expect(made.texts).toEqual(['the same car']);
  });

  test('kinds that it finds nothing of are said, and searched by their words', async () => {
    const search = open(garage(), { embedder: embedder() });
    const messages = await ask(search, 'truck', { mode: 'semantic', kinds: ['message', 'comment'] });
    expect(messages).toMatchObject({
      ranked: 'text',
      fallback: 'messages and comments are not found by their meaning here',
      total: 1,
    });
    const some = await ask(search, 'vehicle', { mode: 'semantic', kinds: ['message', 'memory'] });
    expect(some).toMatchObject({
      ranked: 'semantic',
      about: ['only memories are found by their meaning here'],
    });
    const all = await ask(search, 'vehicle', { kinds: ['task', 'memory'] });
    expect(all).toMatchObject({ ranked: 'hybrid' });
    expect(all.about).toBeUndefined();
  });

  test('what has no words is not asked for by its meaning', async () => {
    const made = embedder();
    const search = open(garage(), { embedder: made });
    expect(await ask(search, '', { prefixes: ['tru'] })).toMatchObject({
      ranked: 'text',
      fallback: 'there are no words whose meaning could be looked for',
      total: 1,
    });
    expect(made.queries).toEqual([]);
  });

  test('nothing near while vectors are missing is answered by the words', async () => {
    const made = embedder();
    const source = garage();
    const search = open(source, { embedder: made, waits: { vector: 5000, documents: 20 } });
    await ask(search, 'vehicle');
    made.refuses = 'storm';
    source.put({ id: 'storm', kind: 'memory', text: 'a storm in the rain' });
    search.notify();
    expect(await ask(search, 'rain', { mode: 'semantic' })).toMatchObject({
      ranked: 'text',
      fallback: expect.stringContaining('nothing that has a vector is near, and 1 text has none yet'),
      unembedded: 1,
      total: 1,
    });
  });

  test('a search by words alone asks for no vector', async () => {
    const made = embedder();
    const search = open(garage(), { embedder: made });
    expect(await ask(search, 'automobile', { mode: 'text' })).toMatchObject({ ranked: 'text', total: 1 });
    // Nothing in it to make a vector of.
    expect(await ask(search, '', { facets: { all: [], none: [] } })).toMatchObject({ ranked: 'text' });
    expect([...made.texts, ...made.queries]).toEqual([]);
  });
});

describe('an embedder that fails', () => {
  test('lets the words answer, and says why', async () => {
    const made = embedder();
    made.failure = new EmbeddingError('The endpoint is down.');
    const search = open(garage(), { embedder: made });
    const found = await ask(search, 'automobile');
    expect(found).toMatchObject({ ranked: 'text', fallback: 'The endpoint is down.', mode: 'all' });
    expect(found.hits.map(({ id }) => id)).toEqual(['car']);
    await vi.waitFor(() =>
      expect(search.status().embeddings).toMatchObject({ trouble: 'The endpoint is down.' }),
    );
    made.failure = undefined;
    // Documents are tried again by themselves; until then the answer says how many lack a vector.
    await vi.waitFor(
      async () => {
        const again = await ask(search, 'vehicle');
        expect(again.hits.map(({ id }) => id)).toEqual(['car']);
        expect(again.unembedded).toBeUndefined();
      },
      { timeout: 8000 },
    );
    expect(search.status().embeddings?.trouble).toBeUndefined();
  });

  test('of one text holds up no other', async () => {
    const made = embedder();
    made.refuses = 'poison';
    const source = arraySource();
    source.put({ id: 'bad', kind: 'memory', text: 'poison car' });
    for (let i = 0; i < 5; i++) source.put({ id: `m${i}`, kind: 'memory', text: `a dog ${i}` });
    const search = open(source, { embedder: made, waits: { vector: 5000, documents: 100 } });
    await vi.waitFor(
      async () => {
        const found = await ask(search, 'cat');
        expect(found.total).toBe(5);
        expect(found.unembedded).toBe(1);
      },
      { timeout: 60_000 },
    );
  });

  test('gives a vector of another size than it says: an error, nothing compared', async () => {
    const made = embedder();
    made.form = async () => ({ id: 'wrong', dimensions: 3 });
    const search = open(garage(), { embedder: made });
    expect(await ask(search, 'automobile')).toMatchObject({
      ranked: 'text',
      fallback: expect.stringContaining('3 numbers'),
      total: 1,
    });
  });

  test('never answers: the words do, within the wait', async () => {
    const made = embedder();
    made.gate = new Promise(() => undefined);
    const search = open(garage(), { embedder: made, waits: { vector: 50, documents: 50 } });
    expect(await ask(search, 'automobile')).toMatchObject({
      ranked: 'text',
      fallback: 'the embedder gave no answer within 50 ms',
      total: 1,
    });
  });

  test('that there is none is said', async () => {
    const search = open(garage(), { off: 'low memory' });
    expect(await ask(search, 'automobile')).toMatchObject({
      ranked: 'text',
      fallback: 'embeddings are off: low memory',
      total: 1,
    });
    expect(search.status().embeddings).toBeUndefined();
  });
});

describe('vectors on disk', () => {
  const kept = (source: ArraySource, made: Embedder) => open(source, { directory, embedder: made });

  test('are used again, also by an index that is made anew', async () => {
    const source = garage();
    const first = kept(source, embedder());
    expect(await idsOf(first, 'vehicle')).toEqual(['car']);
    await first.close();
    const second = embedder();
    const search = kept(source, second);
    expect(await idsOf(search, 'vehicle')).toEqual(['car']);
    await search.close();
    rmSync(join(directory, 'text'), { recursive: true });
    const third = embedder();
    expect(await idsOf(kept(source, third), 'vehicle')).toEqual(['car']);
    expect([...second.texts, ...third.texts]).toEqual([]);
  });

  test('many of them, of an index that is on disk, are there after it is opened', async () => {
    const source = arraySource();
    for (let i = 0; i < 700; i++) source.put({ id: `m${i}`, kind: 'memory', text: `dog number ${i}` });
    source.put({ id: 'car', kind: 'memory', text: 'car' });
    const first = kept(source, embedder());
    expect(await idsOf(first, 'vehicle')).toEqual(['car']);
    await first.close();
    const again = embedder();
    source.put({ id: 'late', kind: 'memory', text: 'truck' });
    const found = await ask(kept(source, again), 'vehicle');
    expect(found.hits.map(({ id }) => id).sort()).toEqual(['car', 'late']);
    expect(again.texts).toEqual(['truck']);
  });

  test('of messages too are made when that is asked for, and let alone when it is not any more', async () => {
    const source = garage();
    for (let i = 0; i < 300; i++) source.put({ id: `n${i}`, text: `nothing number${i}` });
    const where = (made: Embedder, more: Partial<SearchOptions> = {}) =>
      open(source, { directory, embedder: made, ...more });
    const embeds = ['memory', 'task', 'message'] as const;
    const few = embedder();
    const first = where(few);
    expect(await idsOf(first, 'vehicle')).toEqual(['car']);
    await first.close();
    const all = embedder();
    const second = where(all, { embeds });
    expect((await idsOf(second, 'vehicle')).sort()).toEqual(['car', 'chat']);
    expect(all.texts).toHaveLength(301);
    await second.close();
    const reads = source.reads;
    const again = where(embedder());
    expect(await idsOf(again, 'vehicle')).toEqual(['car']);
    await again.close();
    const last = embedder();
    expect((await idsOf(where(last, { embeds }), 'vehicle')).sort()).toEqual(['car', 'chat']);
    expect([last.texts.length, source.reads]).toEqual([0, reads]);
  });

  test('of another model are not compared: what it is of is embedded again', async () => {
    const source = garage();
    const first = kept(source, embedder('one'));
    await idsOf(first, 'vehicle');
    await first.close();
    const other = embedder('two', 9);
    const search = kept(source, other);
    expect(await idsOf(search, 'vehicle')).toEqual(['car']);
    expect(other.texts).toHaveLength(3);
    expect(search.status().embeddings).toMatchObject({ model: 'two', left: 0 });
  });

  test('of what is removed are gone after a purge, those of the rest are not made again', async () => {
    const source = garage();
    const row = (text: string) => files().includes(text);
    const { hashOf } = await import('../../src/search/meaning/content.ts');
    const hash = hashOf('The automobile stands in the yard');
    const first = kept(source, embedder());
    await idsOf(first, 'vehicle');
    await first.close();
    expect(row(hash)).toBe(true);
    source.remove('car');
    // Nothing was asked yet: the purge alone starts what it needs.
    const made = embedder();
    const search = kept(source, made);
    await search.purge();
    await search.close();
    expect(row(hash)).toBe(false);
    expect(await idsOf(kept(source, made), 'vehicle')).toEqual([]);
    expect(made.texts).toEqual([]);
  });

  test('that are damaged are made again', async () => {
    const source = garage();
    const first = kept(source, embedder());
    await idsOf(first, 'vehicle');
    await first.close();
    for (const name of readdirSync(join(directory, 'vectors')))
      if (name.startsWith('MANIFEST')) rmSync(join(directory, 'vectors', name));
    const again = embedder();
    expect(await idsOf(kept(source, again), 'vehicle')).toEqual(['car']);
    expect(again.texts).toHaveLength(3);
  });
});

describe('what is nearly the same', () => {
  const memories = { facets: { all: [], none: [] }, limit: 3, least: 0.9, patience: 5000 };

  test('is told by cosine once a vector was made, and not before', async () => {
    const search = open(garage(), { embedder: embedder() });
    expect(await search.similar('car', memories)).toBeUndefined();
    await idsOf(search, 'anything');
    const near = await search.similar('the car here', memories);
    expect(near?.map(({ id }) => id)).toEqual(['car']);
    expect(near?.[0]?.cosine).toBeGreaterThan(0.9);
    expect(await search.similar('rain', memories)).toEqual([]);
  });

  test('is not waited for longer than wished', async () => {
    const made = embedder();
    const search = open(garage(), { embedder: made });
    await idsOf(search, 'anything');
    made.gate = new Promise(() => undefined);
    expect(await search.similar('car', { ...memories, patience: 20 })).toBeUndefined();
  });
});
