import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openSearch, type Search, type SearchSource } from '../../src/search/index.ts';
import type { TextQuery } from '../../src/search/types.ts';
import { arraySource, fill } from './source.ts';

const threads = vi.hoisted(() => ({ started: 0 }));
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>();
  class Counted extends real.Worker {
    constructor(...given: ConstructorParameters<typeof real.Worker>) {
      threads.started += 1;
      super(...given);
    }
  }
  return { ...real, Worker: Counted };
});

let directory: string;
let opened: Search[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coterie-search-'));
  opened = [];
  threads.started = 0;
});
afterEach(async () => {
  await Promise.all(opened.map((search) => search.close()));
  rmSync(directory, { recursive: true, force: true });
});

function open(source: SearchSource, where: string | undefined = undefined, patience?: number): Search {
  const search = openSearch({ directory: where, source, ...(patience === undefined ? {} : { patience }) });
  opened.push(search);
  return search;
}
const ask = (search: Search, text: string, more: Partial<TextQuery> = {}) =>
  search.query({ text, limit: 20, offset: 0, ...more });
const ids = async (search: Search, text: string, more: Partial<TextQuery> = {}) =>
  (await ask(search, text, more)).hits.map((hit) => hit.id);
const files = () =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    : [];
/** Where the full-text index lies. */
const texts = (name = '') => join(directory, 'text', name);

describe('matching and ranking', () => {
  function library() {
    const source = arraySource();
    source.put({ id: 'm1', text: 'We deployed the relay at noon', facets: ['in:general'], at: 10 });
    source.put({ id: 'm2', text: 'Deployment notes: relay restart, relay logs', facets: ['in:ops'], at: 20 });
    source.put({ id: 't1', kind: 'task', title: 'Restart the relay', text: 'when it hangs', at: 30 });
    source.put({
      id: 'k1',
      kind: 'memory',
      text: 'Use openReplica() in snake_case_tests',
      tags: ['api'],
      facets: ['tag:api'],
      at: 40,
    });
    source.put({
      id: 'k2',
      kind: 'memory',
      text: 'Nothing to see',
      tags: ['relay', 'api'],
      facets: ['tag:api'],
      at: 50,
    });
    source.put({
      id: 'c1',
      kind: 'comment',
      text: '搜索功能 in src/search/worker.ts v1.2.3',
      at: 60,
    });
    return open(source);
  }

  test('all words must match, whatever their endings', async () => {
    const search = library();
    for (const text of ['deploy relay', 'DEPLOYS Relay', 'deployments relays']) {
      expect((await ids(search, text)).sort(), text).toEqual(['m1', 'm2']);
      expect(await ask(search, text), text).toMatchObject({ total: 2, mode: 'all' });
    }
    expect((await ask(search, 'restart')).mode).toBe('all');
  });

  test('a word that is nowhere is looked for as a longer one, or one that is nearly it, and that is said', async () => {
    const search = library();
    expect(await ask(search, 'dep relay')).toMatchObject({ total: 2, mode: 'all', near: ['dep'] });
    expect(await ask(search, 'restrat')).toMatchObject({ mode: 'all', near: ['restrat'] });
    expect((await ids(search, 'restrat')).sort()).toEqual(['m2', 't1']);
    expect(await ask(search, 'relay noom')).toMatchObject({ total: 1, near: ['noom'] });
    // Too short, a number, another first letter: guessing would be noise.
    for (const text of ['nuo', '1.2.4', 'pestart']) expect(await ids(search, text), text).toEqual([]);
    expect((await ask(search, 'relay')).near).toBeUndefined();
  });

  test('ranks by words and meaning, and says why', async () => {
    const source = arraySource();
    source.put({ id: 'a', text: 'relay restart', at: 0, use: 9 });
    source.put({ id: 'b', text: 'relay restart', at: 86_400_000 });
    const search = open(source);
    const signals = { recency: 0.05, use: 0, halfLife: 86_400_000, now: 86_400_000 };
    const recent = await ask(search, 'restart', { signals, explain: true });
    expect(recent.hits.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(recent.hits.map(({ why }) => why?.recency)).toEqual([1, 0.5]);
    const used = await ask(search, 'restart', { signals: { ...signals, use: 0.1 }, explain: true });
    expect(used.hits.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(used.hits[0]?.why).toMatchObject({ coverage: 1, use: 0.75 });
  });

  test('any word matches when nothing has all, and the answer says so', async () => {
    const found = await ask(library(), 'noon hangs');
    expect(found.mode).toBe('any');
    expect(found.hits.map((hit) => hit.id).sort()).toEqual(['m1', 't1']);
  });

  test('a title counts more than text', async () => {
    expect((await ids(library(), 'restart relay'))[0]).toBe('t1');
  });

  test('identifiers, paths, versions and dense scripts', async () => {
    const search = library();
    for (const text of [
      'openReplica',
      'openreplica',
      'open_replica',
      'replica',
      'snake_case_tests',
      'case tests',
    ])
      expect(await ids(search, text), text).toEqual(['k1']);
    for (const text of [
      'worker.ts',
      'src/search/worker.ts',
      '1.2.3',
      '1.2',
      'v1.2.3',
      '搜索',
      '功',
      '搜索功能',
    ])
      expect(await ids(search, text), text).toEqual(['c1']);
  });

  test('filters by what holds, by ids and by time, and without words finds all that is left', async () => {
    const search = library();
    const all = (...all: string[][]) => ({ facets: { all, none: [] } });
    expect(await ids(search, 'relay', all(['in:ops', 'tag:api']))).toEqual(
      expect.arrayContaining(['m2', 'k2']),
    );
    expect(await ids(search, 'relay', all(['in:ops']))).toEqual(['m2']);
    expect(await ids(search, 'relay', all(['in:ops'], ['tag:api']))).toEqual([]);
    expect((await ids(search, 'relay', { facets: { all: [], none: ['in:ops'] } })).sort()).toEqual([
      'k2',
      'm1',
      't1',
    ]);
    expect(await ids(search, 'relay', { ids: ['m1', 'k1'] })).toEqual(['m1']);
    expect(await ids(search, '', { from: 30, until: 50 })).toEqual(['k1', 't1']);
    expect(await ask(search, '', all(['tag:api']))).toMatchObject({ mode: 'filter', total: 2 });
  });

  test('leaves out what has a word, and takes beginnings however short', async () => {
    const search = library();
    expect((await ids(search, 'relay', { without: ['restart'] })).sort()).toEqual(['k2', 'm1']);
    expect(await ids(search, '', { without: ['relay', 'openReplica'] })).toEqual(['c1']);
    expect(await ids(search, '', { prefixes: ['no'] })).toEqual(expect.arrayContaining(['m1', 'm2', 'k2']));
    expect(await ids(search, 'no')).toEqual([]);
  });

  test('names the words that nothing has, where nothing has all', async () => {
    const search = library();
    expect(await ask(search, 'relay zeppelin')).toMatchObject({ mode: 'any', missing: ['zeppelin'] });
    expect(await ask(search, 'noon openReplica')).toMatchObject({ mode: 'any', missing: [] });
    expect(await ask(search, 'Zeppelin')).toMatchObject({ mode: 'all', total: 0, missing: ['Zeppelin'] });
  });

  test('sorts by time where that is asked for', async () => {
    const search = library();
    expect(await ids(search, 'relay', { sort: 'time' })).toEqual(['k2', 't1', 'm2', 'm1']);
  });

  test('pages, totals, and the newest first among equals', async () => {
    const source = arraySource();
    for (let i = 0; i < 30; i++) source.put({ id: `e${i}`, text: 'equal words', at: i });
    const search = open(source);
    const first = await ask(search, 'equal', { limit: 10 });
    expect(first.total).toBe(30);
    expect(first.hits.map((hit) => hit.id)).toEqual(Array.from({ length: 10 }, (_, i) => `e${29 - i}`));
    expect(await ids(search, 'equal', { limit: 10, offset: 25 })).toEqual(['e4', 'e3', 'e2', 'e1', 'e0']);
    expect(await ids(search, 'equal', { offset: 100 })).toEqual([]);
    expect(await ids(search, 'equal', { limit: -1, offset: -5 })).toEqual([]);
  });

  test('hits name the terms that matched', async () => {
    const [hit] = (await ask(library(), 'deploy noon')).hits;
    expect(hit).toMatchObject({ kind: 'message', terms: expect.arrayContaining(['deploy', 'noon']) });
  });

  test.each(['?!.,;:()[]{}"\'`', 'the of and', '\u0000\u{10ffff}', '__proto__', 'constructor', '*'])(
    'the query %j is answered without an error',
    async (text) => {
      expect((await ask(library(), text)).hits).toEqual([]);
    },
  );

  test('words that name parts of every object are words', async () => {
    const source = arraySource();
    source.put({
      id: 'p',
      text: 'the constructor and __proto__ of hasOwnProperty',
      facets: ['in:__proto__'],
    });
    const search = open(source);
    for (const text of ['constructor', 'proto', 'hasOwnProperty'])
      expect(await ids(search, text)).toEqual(['p']);
    expect(await ids(search, 'constructor', { facets: { all: [['in:__proto__']], none: [] } })).toEqual([
      'p',
    ]);
  });

  test('a query of 10 KB is answered', async () => {
    const found = await ask(library(), 'relay '.repeat(1700));
    expect(found.total).toBe(4);
    await ask(library(), Array.from({ length: 2000 }, (_, i) => `w${i}`).join(' '));
    await ask(library(), 'x'.repeat(10_000));
  });
});

describe('following the feed', () => {
  test('nothing starts before the first query, then one thread', async () => {
    const source = arraySource();
    fill(source, 50);
    const search = open(source, directory);
    search.notify();
    await search.purge();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([threads.started, source.reads]).toEqual([0, 0]);
    expect(search.status()).toEqual({ ready: false, behind: 50 });
    await Promise.all([ask(search, 'river'), ask(search, 'engine')]);
    expect(threads.started).toBe(1);
    expect(search.status()).toEqual({ ready: true, behind: 0 });
  });

  test('closing a search that never ran starts nothing', async () => {
    const search = open(arraySource(), directory);
    await search.close();
    expect(threads.started).toBe(0);
    await expect(ask(search, 'x')).rejects.toMatchObject({ code: 'closed' });
  });

  test('a query finds what was in the feed when it was asked', async () => {
    const source = arraySource();
    fill(source, 3000);
    const search = open(source);
    expect(await ids(search, 'number2999')).toEqual(['d2999']);
    source.put({ id: 'late', text: 'zebra' });
    expect(await ask(search, 'zebra')).toMatchObject({ total: 1, behind: 0 });
  });

  test('notify brings the index up to date without a query', async () => {
    const source = arraySource();
    fill(source, 10);
    const search = open(source);
    await ask(search, 'river');
    source.put({ id: 'late', text: 'zebra' });
    search.notify();
    expect(search.status().behind).toBe(1);
    await vi.waitFor(() => expect(search.status().behind).toBe(0), { timeout: 1000, interval: 5 });
  });

  test('edits and removals take effect at once', async () => {
    const source = arraySource();
    fill(source, 100);
    const search = open(source);
    expect(await ids(search, 'number7')).toContain('d7');
    source.put({ id: 'd7', text: 'entirely different' });
    expect(await ids(search, 'number7 engine')).not.toContain('d7');
    expect(await ids(search, 'entirely different')).toEqual(['d7']);
    source.remove('d7');
    source.remove('never there');
    expect((await ask(search, 'entirely different')).total).toBe(0);
  });

  test('thousands of edits leave the ranking as it was', async () => {
    const source = arraySource();
    fill(source, 2000);
    const fresh = arraySource();
    fill(fresh, 2000);
    for (let i = 0; i < 2000; i++) source.put({ id: `d${i}`, text: `throwaway${i} words` });
    const search = open(source);
    await ask(search, 'throwaway1');
    fill(source, 2000);
    const [edited, plain] = await Promise.all([
      ask(search, 'river carries'),
      ask(open(fresh), 'river carries'),
    ]);
    expect(edited.total).toBe(plain.total);
    expect(edited.hits[0]?.score).toBeCloseTo(plain.hits[0]?.score ?? 0, 6);
    expect((await ask(search, 'throwaway1')).total).toBe(0);
  });

  test('a query whose patience ends says how far behind its answer is', async () => {
    const source = arraySource();
    fill(source, 2000);
    const read = source.read.bind(source);
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    source.read = async (from, limit) => {
      if (from > 0) await gate;
      return read(from, limit);
    };
    const search = open(source, undefined, 1500);
    const early = await ask(search, 'number5');
    expect(early.behind).toBe(1600);
    expect(early.hits.length).toBeGreaterThan(0);
    release();
    await vi.waitFor(async () => expect((await ask(search, 'number1999')).behind).toBe(0));
  });

  test('a feed that fails is told, and read again at the next query', async () => {
    const source = arraySource();
    fill(source, 10);
    source.failure = new Error('unreadable');
    const search = open(source);
    await expect(ask(search, 'river')).rejects.toMatchObject({ code: 'internal', cause: source.failure });
    expect(search.status().trouble).toBe('unreadable');
    source.failure = undefined;
    expect((await ask(search, 'number3')).total).toBe(1);
  });

  test('a feed that begins anew is indexed anew', async () => {
    const source = arraySource('one');
    fill(source, 800);
    const search = open(source, directory);
    await ask(search, 'river');
    source.changes.length = 0;
    source.epoch = 'two';
    source.put({ id: 'new', text: 'river' });
    expect(search.status()).toEqual({ ready: false, behind: 1 });
    expect(await ids(search, 'river')).toEqual(['new']);
  });

  test('closing in the middle of indexing refuses what waits, and reads no further', async () => {
    const source = arraySource();
    fill(source, 60_000);
    const search = open(source, directory);
    const waiting = ask(search, 'river');
    const refused = expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await vi.waitFor(() => expect(source.reads).toBeGreaterThan(5), { timeout: 60_000 });
    await search.close();
    const { reads } = source;
    await refused;
    expect(search.status().ready).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.reads).toBe(reads);
    await search.close();
  });
});

describe('the index on disk', () => {
  /** A feed of 800 documents whose index was written. */
  async function written() {
    const source = arraySource();
    fill(source, 800);
    source.put({
      id: 'tagged',
      kind: 'task',
      title: 'Tagged',
      text: 'river',
      tags: ['blue'],
      facets: ['tag:blue', 'in:c9'],
    });
    const search = open(source, directory);
    await ask(search, 'river');
    await search.close();
    source.reads = 0;
    return source;
  }
  const everything = async (source: SearchSource) => {
    const search = open(source, directory);
    const answers = await Promise.all([
      ask(search, 'river', { limit: 1000 }),
      ask(search, 'glacier merges'),
      ask(search, 'river', { facets: { all: [['tag:blue'], ['in:c9']], none: ['in:c1'] } }),
    ]);
    await search.close();
    return answers;
  };

  test('is used again, without reading the feed, and answers the same', async () => {
    const source = await written();
    const again = await everything(source);
    expect(source.reads).toBe(0);
    rmSync(directory, { recursive: true });
    expect(await everything(source)).toEqual(again);
    expect(source.reads).toBeGreaterThan(0);
    expect(again[2]?.hits.map((hit) => hit.id)).toEqual(['tagged']);
  });

  test('catches up with what came since', async () => {
    const source = await written();
    source.put({ id: 'd3', text: 'changed meanwhile' });
    source.remove('d4');
    source.put({ id: 'late', text: 'zebra' });
    const search = open(source, directory);
    expect(await ids(search, 'zebra')).toEqual(['late']);
    expect(source.reads).toBe(1);
    expect(await ids(search, 'changed meanwhile')).toEqual(['d3']);
    expect((await ask(search, 'number4 river')).hits.map((hit) => hit.id)).not.toContain('d4');
  });

  test('of another feed, or from beyond its end, is made again', async () => {
    const source = await written();
    source.epoch = 'two';
    await everything(source);
    expect(source.reads).toBeGreaterThan(0);
    source.reads = 0;
    source.changes.length = 400;
    const search = open(source, directory);
    expect((await ask(search, 'number700')).total).toBe(0);
    expect(source.reads).toBe(1);
  });

  test('damaged anywhere, it is made again and answers the same', async () => {
    const source = await written();
    const right = await everything(source);
    const names = readdirSync(texts()).filter((name) => statSync(texts(name)).size > 0);
    for (const name of names) {
      for (const part of [0, 0.001, 0.3, 0.5, 1]) {
        // Each opening may give some of them other names.
        if (!existsSync(texts(name))) break;
        const bytes = readFileSync(texts(name));
        const at = Math.floor((bytes.length - 1) * part);
        bytes[at] = (bytes[at] ?? 0) ^ 0x11;
        writeFileSync(texts(name), bytes);
        expect(await everything(source), `${name}, byte ${at}`).toEqual(right);
      }
    }
    for (const name of names) rmSync(texts(name), { force: true });
    expect(await everything(source)).toEqual(right);
    writeFileSync(texts('CURRENT'), 'nonsense');
    expect(await everything(source)).toEqual(right);
  }, 60_000);

  test('a part of it that is damaged while the search runs is found out, and all is made again', async () => {
    const source = await written();
    const search = open(source, directory);
    await ask(search, 'river');
    await search.close();
    const table = readdirSync(texts()).find((name) => name.endsWith('.log') || name.endsWith('.ldb'));
    const whole = readFileSync(texts(table));
    const again = open(source, directory);
    await ask(again, '', { limit: 0 });
    whole.fill(7, 100, whole.length - 100);
    writeFileSync(texts(table), whole);
    expect((await ask(again, 'glacier merges')).total).toBeGreaterThan(0);
  });

  test('is written in the background while the search runs', async () => {
    const source = arraySource();
    fill(source, 800);
    const search = open(source, directory);
    await ask(search, 'river');
    await vi.waitFor(() => expect(files().join('')).toContain('number799'), { timeout: 8000 });
  }, 10_000);

  test('many runs, some on disk and one in memory, answer as one', async () => {
    const source = arraySource();
    fill(source, 9000);
    const kept = open(source, directory);
    const inMemory = open(source);
    for (const text of ['river carries', 'number8999', 'number12 lantern', 'rive*', 'zzz']) {
      const query = { limit: 50, prefixes: text.endsWith('*') ? [text.slice(0, -1)] : [] };
      const words = text.endsWith('*') ? '' : text;
      expect(await ask(kept, words, query), text).toEqual(await ask(inMemory, words, query));
    }
    source.put({ id: 'd12', text: 'the lantern has a different number' });
    expect(await ids(kept, 'number12')).toEqual([]);
    expect(await ids(kept, 'different lantern')).toEqual(['d12']);
    await kept.close();
    const again = open(source, directory);
    source.reads = 0;
    expect(await ids(again, 'different lantern')).toEqual(['d12']);
    // The last few hundred are too little for a run: they are read again.
    expect(source.reads).toBe(1);
  });

  test('that cannot be written leaves the search as it is', async () => {
    const source = arraySource();
    fill(source, 800);
    const nowhere = join(directory, 'file');
    writeFileSync(nowhere, '');
    const search = open(source, join(nowhere, 'search'));
    expect((await ask(search, 'number5')).total).toBeGreaterThan(0);
    await vi.waitFor(() => expect(search.status().trouble).toBeDefined(), { timeout: 60_000 });
    expect((await ask(search, 'number5')).total).toBeGreaterThan(0);
  });

  test('holds a removed text no more after a purge, running or not', async () => {
    const source = await written();
    source.put({ id: 'secret', text: 'canaryword yellowfeather' });
    fill(source, 800);
    const search = open(source, directory);
    expect(await ids(search, 'canaryword')).toEqual(['secret']);
    await search.close();
    expect(files().join('')).toContain('canaryword');

    source.remove('secret');
    const idle = open(source, directory);
    await idle.purge();
    expect(files().join('')).not.toContain('canaryword');

    const running = open(source, directory);
    source.put({ id: 'secret', text: 'canaryword yellowfeather' });
    fill(source, 5000);
    await ask(running, 'river');
    await vi.waitFor(() => expect(files().join('')).toContain('canaryword'), { timeout: 60_000 });
    source.remove('secret');
    await Promise.all([running.purge(), running.purge()]);
    expect(files().join('')).not.toContain('canaryword');
    expect((await ask(running, 'canaryword')).total).toBe(0);
    expect((await ask(running, 'number7')).total).toBe(1);
    await running.close();
    expect(files().join('')).not.toContain('canaryword');
  });

  test('a purge while the index is made or written leaves no trace', async () => {
    for (const pause of [0, 20, 60, 120]) {
      const source = arraySource();
      fill(source, 1500);
      source.put({ id: 'secret', text: 'canaryword' });
      fill(source, 1500);
      const search = open(source, directory);
      const first = ask(search, 'river');
      await new Promise((resolve) => setTimeout(resolve, pause));
      source.remove('secret');
      await search.purge();
      await first;
      await search.close();
      expect(files().join(''), `after ${pause} ms`).not.toContain('canaryword');
      rmSync(directory, { recursive: true });
    }
  });
});
