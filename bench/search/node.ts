import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holding, Listening, NodeQuestion } from '../child/node.ts';
import type { Question, Sent } from '../child/poster.ts';
import type { Answers, Found, Search, UntilWhole } from '../child/searcher.ts';
import { type Child, startChild, wallClock } from '../support/child.ts';
import type { Delays } from '../support/delay.ts';
import type { Memory } from '../support/memory.ts';
import { type Asked, type Goal, percentile, type Result, result, say } from '../support/report.ts';
import { settledBytes } from '../support/settled.ts';
import { createTexts } from '../support/texts.ts';
import { copyOf, dropCache, madeWorkspace, type Place } from '../support/workspace.ts';
import { type Asking, askingsOf } from './words.ts';

const defaultSize = 100_000;
const million = 1_000_000;
const asking = 500;
/** Posts a second, for so long; one looked for every so often, ms. */
const pace = 500;
const seconds = 20;
const everyMs = 100;
/** Longest that an index may take to be made, ms. */
const patience = 1_800_000;

interface Asleep {
  readonly memory: Memory;
  readonly stall: number;
}
interface Making extends UntilWhole, Asleep {}
interface Asking500 extends Asleep {
  readonly first: number;
  readonly lacked: number;
  readonly firstStall: number;
  readonly best: Answers;
  readonly newest: Answers;
}
interface Busy extends Asleep {
  readonly search: Answers;
  readonly found: Found;
  readonly posted: number;
  /** How long all of it took. */
  readonly seconds: number;
  readonly lost: number;
  readonly unfound: number;
}
interface Run {
  readonly making: Making;
  readonly bytes: number;
  readonly asking: Asking500;
  readonly busy: Busy;
}

const searchOf = ({ data }: Place): string => join(data, 'search');

interface Served {
  readonly node: Child & { ready: Listening };
  readonly searcher: Child;
}

async function withNode<T>(place: Place, work: (served: Served) => Promise<T>): Promise<T> {
  const node = await startChild<Listening>('node', { ...place, as: 'kai' });
  try {
    const searcher = await startChild('searcher', node.ready);
    try {
      return await work({ node, searcher });
    } finally {
      await searcher.end();
    }
  } finally {
    await node.end();
  }
}

/** The longest stall of the node since it was last asked for. */
async function stalled(node: Child): Promise<number> {
  const { histogram, timer } = await node.ask<Delays>({});
  return Math.max(histogram.max, timer.max);
}

const memoryOf = (node: Child): Promise<Memory> => node.ask({ what: 'memory' } satisfies NodeQuestion);

/** A node that has no index: what it answers until it has one, and the bytes of that then. */
async function make(place: Place, askings: readonly Asking[]): Promise<{ making: Making; bytes: number }> {
  // Whoever made the workspace may have searched it.
  rmSync(searchOf(place), { recursive: true, force: true });
  return withNode(place, async ({ node, searcher }) => {
    await stalled(node);
    const asked = { do: 'until whole', askings, patience } satisfies Search;
    const until = await searcher.ask<UntilWhole>(asked);
    const making = { ...until, stall: await stalled(node), memory: await memoryOf(node) };
    return { making, bytes: await settledBytes(searchOf(place)) };
  });
}

async function ask({ node, searcher }: Served, askings: readonly Asking[]): Promise<Asking500> {
  const some = (which: readonly Asking[]): Promise<Answers> =>
    searcher.ask({ do: 'ask', askings: which, pause: 0 } satisfies Search);
  const first = await searcher.ask<Answers>({
    do: 'ask',
    askings: askings.slice(0, 1),
    pause: 0,
  } satisfies Search);
  const firstStall = await stalled(node);
  const best = await some(askings.filter(({ sort }) => sort !== 'time'));
  const newest = await some(askings.filter(({ sort }) => sort === 'time'));
  return {
    first: first.times[0] ?? Number.NaN,
    lacked: first.behind,
    firstStall,
    best,
    newest,
    stall: await stalled(node),
    memory: await memoryOf(node),
  };
}

async function disturb({ node, searcher }: Served, askings: readonly Asking[]): Promise<Busy> {
  const poster = await startChild('poster', node.ready);
  const finder = await startChild('searcher', node.ready);
  try {
    await poster.ask({ everyMs: 20, count: 50 } satisfies Question);
    const before = await node.ask<Holding>({ what: 'holding' } satisfies NodeQuestion);
    await stalled(node);
    const began = performance.now();
    const since = new Date(Math.floor(wallClock())).toISOString();
    const [sent, search, found] = await Promise.all([
      poster.ask<Sent>({ everyMs: 1000 / pace, count: pace * seconds } satisfies Question),
      searcher.ask<Answers>({ do: 'ask', askings, pause: 20, seconds } satisfies Search),
      finder.ask<Found>({
        do: 'post and find',
        count: (seconds * 1000) / everyMs,
        everyMs,
      } satisfies Search),
    ]);
    const took = (performance.now() - began) / 1000;
    const stall = await stalled(node);
    const memory = await memoryOf(node);
    const posted = Object.keys(sent).length + found.times.length + found.lost;
    await sleep(200);
    const after = await node.ask<Holding>({ what: 'holding' } satisfies NodeQuestion);
    const q = `kind:message after:${since}`;
    const findable = await searcher.ask<number>({ do: 'count', q } satisfies Search);
    return {
      search,
      found,
      posted,
      seconds: took,
      lost: posted - (after.messages - before.messages),
      unfound: posted - findable,
      stall,
      memory,
    };
  } finally {
    await poster.end();
    await finder.end();
  }
}

async function round(place: Place, askings: readonly Asking[]): Promise<Run> {
  try {
    const { making, bytes } = await make(place, askings);
    dropCache(place);
    return await withNode(place, async (served) => {
      await stalled(served.node);
      const asked = await ask(served, askings);
      return { making, bytes, asking: asked, busy: await disturb(served, askings) };
    });
  } finally {
    place.remove();
  }
}

const resident = ({ anonymous, mapped }: Memory): number => anonymous + mapped;

/**
 * Words over HTTP, from a process beside the node: while the node makes its index anew, when it has one on disk, and while
 * 500 messages a second are posted.
 */
export async function searchNode(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const made = await madeWorkspace(asked, count);
  const texts = Array.from({ length: 20_000 }, createTexts(2));
  const askings = askingsOf(texts, (draw) => texts[Math.floor(draw * texts.length)] ?? '', asking, 11);
  const runs: Run[] = [];
  for (let i = 0; i < asked.pairs; i++) {
    const run = await round(copyOf(made), askings);
    for (const { failure } of [run.making, run.asking.best, run.asking.newest, run.busy.search])
      if (failure !== undefined) say(`a search failed: ${failure}`);
    runs.push(run);
  }
  const row = (what: string, unit: string, figure: (run: Run) => number, goal?: Goal): Result =>
    result(what, unit, runs.map(figure), goal);
  const share = (times: readonly number[], of: number): number => percentile(times, of);
  const none = { most: 0 };
  const memoryGoal = { most: count >= million ? 600 : 400 };
  const wordsGoal = count >= million ? { most: 200 } : undefined;
  return [
    row('no index on disk: first answer', 'ms', ({ making }) => making.times[0] ?? Number.NaN),
    row('  what it lacked', 'events', ({ making }) => making.lacked),
    row('  until an answer lacks nothing', 's', ({ making }) => making.whole / 1000),
    row('  answers until then', '', ({ making }) => making.times.length),
    row('  of which with no result', '', ({ making }) => making.nothing),
    row('  p50', 'ms', ({ making }) => share(making.times, 0.5)),
    row('  longest', 'ms', ({ making }) => share(making.times, 1)),
    row('  failed', '', ({ making }) => making.failed, none),
    row('  longest stall of the node', 'ms', ({ making }) => making.stall, { most: 50 }),
    row('  memory of the node then: anonymous', 'MB', ({ making }) => making.memory.anonymous),
    row('  anonymous + mapped', 'MB', ({ making }) => resident(making.memory), memoryGoal),
    row('  most that was ever resident', 'MB', ({ making }) => making.memory.peak),
    row('index on disk', 'bytes a message', ({ bytes }) => bytes / count),
    row('nothing in the file cache: first answer', 'ms', ({ asking: { first } }) => first),
    row('  what it lacked', 'events', ({ asking: { lacked } }) => lacked, none),
    row('  longest stall of the node', 'ms', ({ asking: { firstStall } }) => firstStall, { most: 50 }),
    row('best first, p50', 'ms', ({ asking: { best } }) => share(best.times, 0.5)),
    row('  p99', 'ms', ({ asking: { best } }) => share(best.times, 0.99), wordsGoal),
    row('  longest', 'ms', ({ asking: { best } }) => share(best.times, 1)),
    row('newest first, p50', 'ms', ({ asking: { newest } }) => share(newest.times, 0.5)),
    row('  p99', 'ms', ({ asking: { newest } }) => share(newest.times, 0.99), wordsGoal),
    row('longest stall of the node', 'ms', ({ asking: { stall } }) => stall, { most: 50 }),
    row('failed', '', ({ asking: { best, newest } }) => best.failed + newest.failed, none),
    row('refused, too common', '', ({ asking: { best, newest } }) => best.refused + newest.refused),
    row('memory of the node: anonymous', 'MB', ({ asking: { memory } }) => memory.anonymous),
    row('  anonymous + mapped', 'MB', ({ asking: { memory } }) => resident(memory), memoryGoal),
    row('while 500 a second are posted: one search p50', 'ms', ({ busy }) => share(busy.search.times, 0.5)),
    row('  p99', 'ms', ({ busy }) => share(busy.search.times, 0.99)),
    row('  from the answer to a post to finding it, p50', 'ms', ({ busy }) => share(busy.found.times, 0.5)),
    row('  p99', 'ms', ({ busy }) => share(busy.found.times, 0.99), { most: 100 }),
    row('  posted', '/s', ({ busy }) => busy.posted / busy.seconds),
    row('  acknowledged and not there', '', ({ busy }) => busy.lost, none),
    row('  acknowledged and not found', '', ({ busy }) => busy.unfound + busy.found.lost, none),
    row('  searches that failed', '', ({ busy }) => busy.search.failed, none),
    row('  longest stall of the node', 'ms', ({ busy }) => busy.stall, { most: 50 }),
    row('  memory of the node: anonymous + mapped', 'MB', ({ busy }) => resident(busy.memory), memoryGoal),
  ];
}
