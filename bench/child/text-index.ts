// Coterie's index by itself: makes it of so many messages, or opens what was made and asks it.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { openSearch, type Search, type SearchDocument, type SearchSource } from '../../src/search/index.ts';
import { type Messages, openMessages } from '../search/messages.ts';
import type { Asking } from '../search/words.ts';
import { answerOnce, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';
import { type Memory, memory, rest, watchMemory } from '../support/memory.ts';
import { settledBytes } from '../support/settled.ts';

export interface IndexInput {
  readonly what: 'build' | 'serve';
  readonly directory: string;
  readonly slack: string | undefined;
  readonly count: number;
  readonly warming: readonly Asking[];
  readonly askings: readonly Asking[];
}

/** What was measured of one process. Times and stalls in ms. */
interface Held {
  /** Before the index is opened, and when all was done. */
  readonly before: Memory;
  readonly memory: Memory;
}
export interface Built extends Held {
  readonly seconds: number;
  /** The messages alone, made and thrown away. */
  readonly aloneSeconds: number;
  readonly stall: number;
  readonly bytes: number;
}
export interface Served extends Held {
  readonly first: number;
  readonly behind: number;
  readonly loadStall: number;
  /** One for each asking, and what it found. */
  readonly times: readonly number[];
  readonly totals: readonly number[];
  readonly stall: number;
  /** From handing over a message to finding it. */
  readonly findable: readonly number[];
  readonly arrivalStall: number;
}

const { what, directory, slack, count, warming, askings } = given<IndexInput>();
const arrivals = 200;
const patience = 5000;

/** A feed of the messages, and of what arrives. */
function feedOf(messages: Messages): { source: SearchSource; arrived: SearchDocument[] } {
  const arrived: SearchDocument[] = [];
  const document = (at: number): SearchDocument | undefined =>
    at < count ? messages.document(at) : arrived[at - count];
  const end = () => count + arrived.length;
  return {
    arrived,
    source: {
      epoch: 'bench',
      end,
      document: (id) => arrived.find((one) => one.id === id),
      async read(from, limit) {
        const next = Math.min(end(), from + limit);
        const changes = Array.from({ length: next - from }, (_, i) => document(from + i));
        return { changes: changes.flatMap((put) => (put ? [{ put }] : [])), next };
      },
    },
  };
}

/** As a replica asks: in what is open, and in what the member has to do with. */
const ask = (search: Search, { text, sort }: Asking) =>
  search.query({
    text,
    facets: { all: [['open', 'with:nobody']], none: [] },
    ...(sort ? { sort } : {}),
    limit: 20,
    offset: 0,
  });

async function timed<T>(act: () => Promise<T>): Promise<{ ms: number; answer: T }> {
  const from = performance.now();
  const answer = await act();
  return { ms: performance.now() - from, answer };
}

const longest = (watch: ReturnType<typeof watchDelay>): number => {
  const { histogram, timer } = watch();
  return Math.max(histogram.max, timer.max);
};

async function build(messages: Messages): Promise<Built> {
  const sample = Math.min(count, 20_000);
  const alone = performance.now();
  for (let i = 0; i < sample; i++) messages.document(count - 1 - i);
  const aloneSeconds = ((performance.now() - alone) / 1000) * (count / sample);
  // What reading the messages left behind is not the index's.
  await rest();
  const before = memory();
  const most = watchMemory();
  const watch = watchDelay();
  const began = performance.now();
  const search = openSearch({ directory, source: feedOf(messages).source });
  // The first query starts everything.
  await ask(search, { text: 'message' });
  while (search.status().behind > 0) await sleep(5);
  const seconds = (performance.now() - began) / 1000;
  const stall = longest(watch);
  await settledBytes(directory);
  const held = most();
  await search.close();
  return { seconds, aloneSeconds, stall, bytes: await settledBytes(directory), before, memory: held };
}

/** Letters alone, so that no way of taking text apart takes it for more than one word. */
const wordOf = (number: number): string =>
  `zq${[...String(number).padStart(4, '0')].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')}x`;

async function find(search: Search, arrived: SearchDocument[], like: SearchDocument): Promise<number> {
  const word = wordOf(arrived.length);
  const id = `${like.id.slice(0, 20)}${word.slice(0, 5)}a`;
  const began = performance.now();
  arrived.push({ ...like, id, text: `${like.text} ${word}`, at: Date.now() });
  search.notify();
  for (;;) {
    const { hits } = await ask(search, { text: word });
    const took = performance.now() - began;
    if (hits.some((hit) => hit.id === id)) return took;
    if (took > patience) throw new Error(`${word} is not found after ${patience} ms`);
    await turn();
  }
}

async function serve(messages: Messages): Promise<Served> {
  const { source, arrived } = feedOf(messages);
  // What reading the messages left behind is not the index's.
  await rest();
  const before = memory();
  const most = watchMemory();
  const loading = watchDelay();
  const search = openSearch({ directory, source });
  const [start = { text: 'message' }] = warming;
  const { ms: first, answer } = await timed(() => ask(search, start));
  const loadStall = longest(loading);
  for (const one of warming) await ask(search, one);
  const times: number[] = [];
  const totals: number[] = [];
  const asked = watchDelay();
  for (const one of askings) {
    const { ms, answer: found } = await timed(() => ask(search, one));
    times.push(ms);
    totals.push(found.total);
    await turn();
  }
  const stall = longest(asked);
  const findable: number[] = [];
  const coming = watchDelay();
  for (let i = 0; i < arrivals; i++) {
    findable.push(await find(search, arrived, messages.document((i * 7919) % count)));
    await sleep(10);
  }
  const arrivalStall = longest(coming);
  const held = most();
  await search.close();
  const { behind } = answer;
  return {
    first,
    behind,
    loadStall,
    times,
    totals,
    stall,
    findable,
    arrivalStall,
    before,
    memory: held,
  };
}

await answerOnce(async () => {
  const messages = await openMessages(slack);
  return what === 'build' ? build(messages) : serve(messages);
});
