// Embeds memories, or posts while that goes on, in a replica of this process.
import { setTimeout as sleep } from 'node:timers/promises';
import { openReplica, type Replica } from '../../src/index.ts';
import { answerOnce, given } from '../support/child.ts';
import { type Delays, watchDelay } from '../support/delay.ts';
import { type Memory, memory } from '../support/memory.ts';
import { createTexts } from '../support/texts.ts';
import type { Place } from '../support/workspace.ts';
import { introduced, postAll, posts } from '../support/writers.ts';

export type SemanticInput = Pick<Place, 'data' | 'config'> &
  (
    | { readonly do: 'remember'; readonly count: number }
    | { readonly do: 'embed' }
    | { readonly do: 'recall'; readonly count: number }
    | { readonly do: 'post'; readonly count: number; readonly embeds: boolean }
  );

/** Until everything had a vector, s, and how many had none at first. */
export interface Embedded {
  readonly seconds: number;
  readonly count: number;
  readonly delays: Delays;
}

/** What a replica with vectors of everything answers. */
export interface Recalled {
  /** The first answer after opening, with the model loaded for it, ms. */
  readonly first: number;
  readonly times: readonly number[];
  readonly delays: Delays;
  readonly memory: Memory;
  /** Answers that were not by meaning. */
  readonly byWords: number;
}

/** Posts a second, and how many texts waited for their vectors before and after. */
export interface Posted {
  readonly rate: number;
  readonly before: number;
  readonly after: number;
}

const input = given<SemanticInput>();
const writers = 32;
/** About ten words. */
const questionCharacters = 60;
const told = 600_000;

const opened = (embeddings: 'built-in' | false): Promise<Replica> =>
  openReplica({
    directory: input.data,
    config: input.config,
    as: 'kai',
    embeddings,
    warm: true,
  });

/** How many texts have no vector; the model is loaded when it is known. */
async function lacking(replica: Replica): Promise<number> {
  const { search } = await replica.status();
  const { embeddings } = search;
  if (embeddings?.trouble !== undefined) throw new Error(embeddings.trouble);
  return search.ready && embeddings?.model !== undefined ? embeddings.left : Number.NaN;
}

async function until(replica: Replica, is: (left: number) => boolean): Promise<number> {
  const end = performance.now() + told;
  for (;;) {
    const left = await lacking(replica);
    if (is(left)) return left;
    if (performance.now() > end) throw new Error(`still ${left} texts without a vector`);
    await sleep(20);
  }
}

async function remember(count: number): Promise<null> {
  const replica = await opened(false);
  const text = createTexts(21);
  let left = count;
  const write = async (): Promise<void> => {
    while (left-- > 0) await replica.memory.remember({ text: `${text()} ${text()}` });
  };
  await Promise.all(Array.from({ length: writers }, write));
  // What they are found by is made before anything is measured.
  await replica.recall({ q: 'anything' });
  await replica.close();
  return null;
}

async function embed(): Promise<Embedded> {
  const replica = await opened('built-in');
  const count = await until(replica, (left) => left > 0);
  const began = performance.now();
  const delay = watchDelay();
  await until(replica, (left) => left === 0);
  const seconds = (performance.now() - began) / 1000;
  const delays = delay();
  await replica.close();
  return { seconds, count, delays };
}

async function recall(count: number): Promise<Recalled> {
  const text = createTexts(22);
  const replica = await opened('built-in');
  const ask = async (): Promise<{ time: number; isByMeaning: boolean }> => {
    const q = text().slice(0, questionCharacters);
    const asked = performance.now();
    const { modes } = await replica.recall({ q, limit: 10 });
    return { time: performance.now() - asked, isByMeaning: modes.includes('semantic') };
  };
  const first = await ask();
  const delay = watchDelay();
  const answers: Awaited<ReturnType<typeof ask>>[] = [];
  for (let i = 0; i < count; i++) answers.push(await ask());
  const delays = delay();
  const held = memory();
  await replica.close();
  return {
    first: first.time,
    times: answers.map(({ time }) => time),
    delays,
    memory: held,
    byWords: answers.filter(({ isByMeaning }) => !isByMeaning).length,
  };
}

async function post(count: number, embeds: boolean): Promise<Posted> {
  const replica = await opened(embeds ? 'built-in' : false);
  const surfaces = await introduced(replica);
  const before = embeds ? await until(replica, (left) => left > 0) : 0;
  const { rate } = await postAll(surfaces, writers, posts(count, 23));
  const after = embeds ? await lacking(replica) : 0;
  await replica.close();
  return { rate, before, after };
}

await answerOnce(async () => {
  switch (input.do) {
    case 'remember':
      return remember(input.count);
    case 'embed':
      return embed();
    case 'recall':
      return recall(input.count);
    case 'post':
      return post(input.count, input.embeds);
  }
});
