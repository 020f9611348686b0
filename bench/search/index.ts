// Full-text search, beside minisearch as it comes, in one run. One JSON object a line, then the medians.
//   node dist/bench/search/index.js [--documents 100000] [--rounds 3] [--slack EXPORT.zip]
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import MiniSearch from 'minisearch';
import { openSearch, type Search, type SearchDocument, type SearchSource } from '../../src/search/index.ts';
import { documentsOf, inventedTexts, queriesOf, slackTexts } from './texts.ts';

const { values: flags } = parseArgs({
  options: {
    documents: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    slack: { type: 'string' },
  },
});

type Figures = Record<string, number>;

/** How often the loop is looked at, ms: what the histogram adds to every delay. */
const LOOK = 5;
const mebibytes = () => process.memoryUsage().rss / 1048576;
const at = (sorted: readonly number[], share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
const ascending = (figures: readonly number[]) => [...figures].sort((a, b) => a - b);
const timed = async (act: () => unknown): Promise<number> => {
  const from = performance.now();
  await act();
  return performance.now() - from;
};

/** Measures how late the main thread's loop was while something ran. */
async function loopDelay(act: () => Promise<void>): Promise<{ p99: number; max: number }> {
  const histogram = monitorEventLoopDelay({ resolution: LOOK });
  await sleep(50);
  histogram.enable();
  await act();
  histogram.disable();
  const beyond = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - LOOK);
  return { p99: beyond(histogram.percentile(99)), max: beyond(histogram.max) };
}

const ask = (search: Search, text: string) => search.query({ text, limit: 20, offset: 0 });

async function round(documents: readonly SearchDocument[], queries: readonly string[]): Promise<Figures> {
  const feed = [...documents];
  const source: SearchSource = {
    epoch: 'bench',
    end: () => feed.length,
    async read(from, limit) {
      const changes = feed.slice(from, from + limit).map((put) => ({ put }));
      return { changes, next: from + changes.length };
    },
  };
  const directory = mkdtempSync(join(tmpdir(), 'coterie-bench-search-'));
  const kept = join(directory, 'text.index');
  const figures: Figures = {};
  try {
    const before = mebibytes();
    let search = openSearch({ directory, source });
    const building = await loopDelay(async () => {
      figures['first answer, index made (ms)'] = await timed(() => ask(search, queries[0] ?? ''));
    });
    figures['loop p99 meanwhile (ms)'] = building.p99;
    figures['loop max meanwhile (ms)'] = building.max;
    figures['memory, index made (MiB)'] = mebibytes() - before;
    while (!existsSync(kept)) await sleep(20);
    figures['index on disk (MiB)'] = statSync(kept).size / 1048576;
    figures['close (ms)'] = await timed(() => search.close());

    search = openSearch({ directory, source });
    const loading = await loopDelay(async () => {
      figures['first answer, index on disk (ms)'] = await timed(() => ask(search, queries[0] ?? ''));
    });
    figures['loop max while loading (ms)'] = loading.max;

    const times: number[] = [];
    for (const query of queries) times.push(await timed(() => ask(search, query)));
    figures['query p50 (ms)'] = at(ascending(times), 0.5);
    figures['query p99 (ms)'] = at(ascending(times), 0.99);

    Object.assign(figures, await arriving(search, feed));
    await search.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return figures;
}

/** 500 messages a second arrive; how long until each twentieth is found. */
async function arriving(search: Search, feed: SearchDocument[]): Promise<Figures> {
  const late: number[] = [];
  const delay = await loopDelay(async () => {
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 10; j++) {
        const original = feed[(i * 7919 + j) % feed.length];
        if (original)
          feed.push({ ...original, id: `new-${i}-${j}`, text: `${original.text} arrival${i}x${j}` });
      }
      search.notify();
      const [took] = await Promise.all([timed(() => ask(search, `arrival${i}x9`)), sleep(20)]);
      late.push(took);
    }
  });
  return {
    'found after post p50, 500/s (ms)': at(ascending(late), 0.5),
    'found after post p99, 500/s (ms)': at(ascending(late), 0.99),
    'loop p99 meanwhile, 500/s (ms)': delay.p99,
  };
}

/** The same on the main thread with minisearch's own tokenizer, matching and JSON. */
async function peer(documents: readonly SearchDocument[], queries: readonly string[]): Promise<Figures> {
  const options = { fields: ['title', 'text', 'tags'], storeFields: ['kind', 'channel', 'at'] };
  const index = new MiniSearch<SearchDocument>(options);
  const figures: Figures = {};
  figures['minisearch: build (ms)'] = await timed(() => index.addAll(documents));
  const times: number[] = [];
  for (const query of queries) {
    times.push(await timed(() => index.search(query, { prefix: true, combineWith: 'AND' })));
  }
  figures['minisearch: query p50 (ms)'] = at(ascending(times), 0.5);
  figures['minisearch: query p99 (ms)'] = at(ascending(times), 0.99);
  const json = JSON.stringify(index);
  figures['minisearch: JSON (MiB)'] = json.length / 1048576;
  figures['minisearch: load (ms)'] = await timed(() => MiniSearch.loadJSON(json, options));
  return figures;
}

const count = Number(flags.documents);
const texts = flags.slack ? await slackTexts(flags.slack) : inventedTexts(Math.min(count, 30_000));
const documents = documentsOf(texts, count);
const queries = queriesOf(documents, 500);
const rounds: Figures[] = [];
for (let i = 0; i < Number(flags.rounds); i++) {
  const figures = { ...(await round(documents, queries)), ...(await peer(documents, queries)) };
  console.log(
    JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)),
  );
  rounds.push(figures);
}
console.log(`\nmedians of ${rounds.length} rounds, ${count} documents`);
for (const name of Object.keys(rounds[0] ?? {})) {
  const median = at(ascending(rounds.map((figures) => figures[name] ?? 0)), 0.5);
  console.log(`${name.padEnd(44)} ${median.toFixed(2).padStart(10)}`);
}
