import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSearch, type Search } from '../../src/search/index.ts';
import type { SearchPlace, TextQuery } from '../../src/search/types.ts';
import { numbers } from '../fold/random.ts';
import { arraySource } from './source.ts';

/** Ids by part, to the end. `between` runs after each part. */
async function partsOf(
  search: Search,
  query: Omit<TextQuery, 'limit' | 'offset'>,
  between: (part: number) => void = () => undefined,
): Promise<string[][]> {
  const parts: string[][] = [];
  let place: SearchPlace | undefined;
  do {
    const { hits, next } = await search.part({ ...query, limit: 256, offset: 0 }, place);
    parts.push(hits.map(({ id }) => id));
    between(parts.length);
    place = next;
  } while (place);
  return parts;
}

async function wholeOf(search: Search, query: Omit<TextQuery, 'limit' | 'offset'>): Promise<string[]> {
  const { hits } = await search.query({ ...query, sort: 'time', limit: 10_000, offset: 0 });
  return hits.map(({ id }) => id);
}

const seed = 20_261;

test('a stream gives what a search by time gives, in that order, each once, whatever order it was indexed in', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-stream-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const random = numbers(seed);
  const source = arraySource();
  const count = 9000;
  const put = (i: number): void => {
    const some = ['amber', 'basalt', 'cedar'].filter(() => random() < 0.3);
    // Times that repeat, and that have nothing to do with the order of writing for one in five.
    const at = Math.floor(random() < 0.2 ? random() * count : i) * 10;
    source.put({ id: `m${i}`, text: `number${i} ${some.join(' ')}`, at, facets: [`in:${i % 3}`] });
  };
  for (let i = 0; i < count; i++) put(i);
  const first = openSearch({ directory, source });
  await first.query({ text: 'amber', limit: 1, offset: 0 });
  await first.close();
  // The rest is in memory, beside what is on disk.
  for (let i = 0; i < 500; i++) put(Math.floor(random() * count));
  for (let i = 0; i < 200; i++) source.remove(`m${Math.floor(random() * count)}`);
  const search = openSearch({ directory, source });
  onTestFinished(() => search.close());
  for (const query of [
    { text: 'amber' },
    { text: 'amber basalt' },
    { text: '', prefixes: ['bas'], without: ['cedar'] },
    { text: '', facets: { all: [['in:1']], none: [] } },
    { text: 'cedar', from: 20_000, until: 60_000 },
    { text: 'number77' },
    { text: 'amber cedar', some: true },
  ] satisfies Omit<TextQuery, 'limit' | 'offset'>[]) {
    const parts = await partsOf(search, query);
    const { some, ...plain } = query as { some?: boolean } & Omit<TextQuery, 'limit' | 'offset'>;
    const whole = await wholeOf(search, some ? query : plain);
    expect(parts.flat(), JSON.stringify(query)).toEqual(whole);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(256);
  }
  // The first results come without the rest.
  expect((await partsOf(search, { text: 'amber' })).length).toBeGreaterThan(4);
});

test('what comes while a stream is read is not in it, and what was there comes once', async () => {
  const source = arraySource();
  for (let i = 0; i < 1000; i++) source.put({ id: `m${i}`, text: 'amber', at: i });
  const search = openSearch({ directory: undefined, source });
  onTestFinished(() => search.close());
  const parts = await partsOf(search, { text: 'amber' }, (part) => {
    source.put({ id: `new${part}`, text: 'amber', at: 2000 + part });
    // Said anew with other words at the same time: it is the same thing.
    source.put({ id: `m${part}`, text: 'amber again', at: part });
    source.remove('m500');
    search.notify();
  });
  const ids = parts.flat();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => id.startsWith('new'))).toEqual([]);
  expect(ids).not.toContain('m500');
  expect(ids).toHaveLength(999);
});
