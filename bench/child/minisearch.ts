// minisearch as it comes over the same messages, on the main thread: made and asked, or read back from its JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import MiniSearch from 'minisearch';
import { openMessages } from '../search/messages.ts';
import type { Asking } from '../search/words.ts';
import { answerOnce, given } from '../support/child.ts';
import { watchDelay } from '../support/delay.ts';
import { type Memory, memory, rest, watchMemory } from '../support/memory.ts';

export interface PeerInput {
  readonly what: 'build' | 'load';
  readonly file: string;
  readonly slack: string | undefined;
  readonly count: number;
  readonly warming: readonly Asking[];
  readonly askings: readonly Asking[];
}

/** Times and stalls in ms. */
export interface PeerBuilt {
  readonly seconds: number;
  readonly stall: number;
  readonly before: Memory;
  readonly memory: Memory;
  /** With words also as beginnings where they have more than two letters, and without. */
  readonly prefix: readonly number[];
  readonly whole: readonly number[];
  readonly prefixTotals: readonly number[];
  readonly wholeTotals: readonly number[];
  /** Absent where its JSON is longer than a string can be. */
  readonly bytes?: number;
}
export interface PeerLoaded {
  readonly first: number;
  readonly stall: number;
}

const { what, file, slack, count, warming, askings } = given<PeerInput>();
const options = { fields: ['text'] };
/** Messages that are added before the loop gets a turn. */
const step = 100;

function ask(index: MiniSearch, { text, sort }: Asking, isPrefix: boolean): number {
  const prefix = (term: string): boolean => isPrefix && term.length > 2;
  const found = index.search(text, { combineWith: 'AND', prefix });
  // Numbers grow with time.
  if (sort === 'time') found.sort((a, b) => Number(b.id) - Number(a.id));
  return found.length;
}

async function askAll(index: MiniSearch, isPrefix: boolean): Promise<{ times: number[]; totals: number[] }> {
  for (const one of warming) ask(index, one, isPrefix);
  const times: number[] = [];
  const totals: number[] = [];
  for (const one of askings) {
    const from = performance.now();
    totals.push(ask(index, one, isPrefix));
    times.push(performance.now() - from);
    await turn();
  }
  return { times, totals };
}

function write(index: MiniSearch): number | undefined {
  try {
    const json = JSON.stringify(index);
    writeFileSync(file, json);
    return Buffer.byteLength(json);
  } catch (error) {
    // `Invalid string length`: there is no way to keep one so large.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

async function build(): Promise<PeerBuilt> {
  const messages = await openMessages(slack);
  await rest();
  const before = memory();
  const most = watchMemory();
  const watch = watchDelay();
  const began = performance.now();
  const index = new MiniSearch(options);
  for (let id = 0; id < count; id++) {
    // With the facets that nobody asks for here, so that both have the same work in making a message.
    index.add({ id, text: messages.document(id).text });
    if (id % step === step - 1) await turn();
  }
  const seconds = (performance.now() - began) / 1000;
  const { histogram, timer } = watch();
  const prefix = await askAll(index, true);
  const whole = await askAll(index, false);
  const held = most();
  const bytes = write(index);
  return {
    seconds,
    stall: Math.max(histogram.max, timer.max),
    before,
    memory: held,
    prefix: prefix.times,
    whole: whole.times,
    prefixTotals: prefix.totals,
    wholeTotals: whole.totals,
    ...(bytes === undefined ? {} : { bytes }),
  };
}

async function load(): Promise<PeerLoaded> {
  const watch = watchDelay();
  // A turn of its own, so that what blocks is seen.
  await turn();
  const began = performance.now();
  const index = MiniSearch.loadJSON(readFileSync(file, 'utf8'), options);
  ask(index, warming[0] ?? { text: 'message' }, true);
  const first = performance.now() - began;
  const { histogram, timer } = watch();
  return { first, stall: Math.max(histogram.max, timer.max) };
}

await answerOnce(async () => (what === 'build' ? build() : load()));
