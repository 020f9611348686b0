// Searches a node over HTTP, in one of three ways, each search after the one before.
import { setTimeout as sleep } from 'node:timers/promises';
import { CoterieError } from '../../schemas/index.ts';
import { createClient } from '../../src/client/index.ts';
import type { Asking } from '../search/words.ts';
import { answerEach, given } from '../support/child.ts';
import { createTexts } from '../support/texts.ts';

export type Search =
  /** All of them once, with a pause in between, ms; over and over for so many seconds where that is said. */
  | {
      readonly do: 'ask';
      readonly askings: readonly Asking[];
      readonly pause: number;
      readonly seconds?: number;
    }
  /** Until the index lacks nothing. */
  | { readonly do: 'until whole'; readonly askings: readonly Asking[]; readonly patience: number }
  /** Posts so many messages, one every so often, ms, and looks for each until it is found. */
  | { readonly do: 'post and find'; readonly count: number; readonly everyMs: number }
  | { readonly do: 'count'; readonly q: string };

/** Times in ms, one for each search. */
export interface Answers {
  readonly times: readonly number[];
  readonly nothing: number;
  readonly behind: number;
  /** Searches for words that are too common, which are refused. */
  readonly refused: number;
  /** Searches that failed, and what the first of them said. */
  readonly failed: number;
  readonly failure?: string;
}
export interface UntilWhole extends Answers {
  /** From the first question to the first answer that lacks nothing; what the first answer lacked. */
  readonly whole: number;
  readonly lacked: number;
}
export interface Found {
  readonly times: readonly number[];
  readonly lost: number;
}

const { url, token } = given<{ url: string; token: string }>();
const client = createClient({ url, token });

async function once({ text, sort }: Asking): Promise<{ ms: number; found: number; behind: number }> {
  const from = performance.now();
  const { results, behind } = await client.search({ q: text, ...(sort ? { sort } : {}) });
  return { ms: performance.now() - from, found: results.length, behind };
}

async function askWhile(
  askings: readonly Asking[],
  pause: number,
  goesOn: (asked: number, behind: number | undefined) => boolean,
): Promise<Answers & { lacked: number }> {
  const times: number[] = [];
  let nothing = 0;
  let refused = 0;
  let failed = 0;
  let failure: string | undefined;
  let last: number | undefined;
  let lacked: number | undefined;
  for (let i = 0; goesOn(i, last); i++) {
    try {
      const { ms, found, behind } = await once(askings[i % askings.length] ?? { text: 'message' });
      times.push(ms);
      if (found === 0) nothing += 1;
      lacked ??= behind;
      last = behind;
    } catch (thrown) {
      if (thrown instanceof CoterieError && thrown.code === 'invalid_query') refused += 1;
      else {
        failed += 1;
        failure ??= thrown instanceof Error ? thrown.message : String(thrown);
      }
    }
    if (pause > 0) await sleep(pause);
  }
  const said = failure === undefined ? {} : { failure };
  return { times, nothing, behind: last ?? 0, lacked: lacked ?? 0, refused, failed, ...said };
}

async function untilWhole(askings: readonly Asking[], patience: number): Promise<UntilWhole> {
  const began = performance.now();
  const passed = () => performance.now() - began;
  const answers = await askWhile(askings, 50, (_, behind) => behind !== 0 && passed() < patience);
  return { ...answers, whole: answers.behind === 0 ? passed() : Number.NaN };
}

/** Letters alone, so that it is one word for everybody. */
const wordOf = (number: number): string =>
  `zq${[...String(number).padStart(5, '0')].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')}x`;

/** Longest that a message may take to be found before it counts as lost, ms. */
const tooLong = 10_000;

async function postAndFind(number: number, text: string): Promise<number | undefined> {
  const word = wordOf(number);
  const from = performance.now();
  const { id } = await client.messages.post('general', { text: `${text} ${word}` });
  const posted = performance.now();
  for (;;) {
    const { results } = await client.search({ q: word });
    const now = performance.now();
    if (results.some((result) => result.id === id)) return now - posted;
    if (now - from > tooLong) return undefined;
    await sleep(2);
  }
}

async function postAndFindAll(count: number, everyMs: number): Promise<Found> {
  const text = createTexts(23);
  const found: (number | undefined)[] = [];
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, began + i * everyMs - performance.now()));
    found.push(await postAndFind(i, text()));
  }
  const times = found.filter((time) => time !== undefined);
  return { times, lost: count - times.length };
}

answerEach(
  null,
  async (search: Search): Promise<Answers | UntilWhole | Found | number> => {
    switch (search.do) {
      case 'ask': {
        const { askings, pause, seconds } = search;
        const end = performance.now() + (seconds ?? 0) * 1000;
        return askWhile(askings, pause, (asked) =>
          seconds === undefined ? asked < askings.length : performance.now() < end,
        );
      }
      case 'until whole':
        return untilWhole(search.askings, search.patience);
      case 'post and find':
        return postAndFindAll(search.count, search.everyMs);
      case 'count':
        return (await client.search({ q: search.q, limit: 1 })).total;
    }
  },
  async () => undefined,
);
