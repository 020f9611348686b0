import { setTimeout as sleep } from 'node:timers/promises';
import type { Came } from './child/listener.ts';
import type { Listening } from './child/node.ts';
import type { Flood, Question, Sent } from './child/poster.ts';
import { startChild } from './support/child.ts';
import type { Delays } from './support/delay.ts';
import { type Asked, pairs, percentile, type Result, ratio, result } from './support/report.ts';
import { copyOf, emptyPlace, madeWorkspace, type Place } from './support/workspace.ts';

const defaultSize = 100_000;
const connections = 8;
const counted = 5000;
const warming = 500;
const aSecond = 50;
const seconds = 20;

/** Runs something against a node, and removes the place afterwards. */
async function withNode<T>(
  place: Place,
  work: (listening: Listening, delays: () => Promise<Delays>) => Promise<T>,
): Promise<T> {
  const node = await startChild<Listening>('node', { ...place, as: 'kai' });
  try {
    return await work(node.ready, () => node.ask<Delays>({}));
  } finally {
    await node.end();
    place.remove();
  }
}

async function flood(place: Place, count: number): Promise<{ rate: number; p99: number }> {
  return withNode(place, async (listening) => {
    const poster = await startChild('poster', listening);
    const ask = (number: number) => poster.ask<Flood>({ connections, count: number } satisfies Question);
    await ask(warming);
    const { rate, times } = await ask(count);
    await poster.end();
    return { rate, p99: percentile(times, 0.99) };
  });
}

/** Durable posts over HTTP, 8 connections in a process of their own: in a full workspace, and in an empty one. */
export async function http(asked: Asked): Promise<Result[]> {
  const messages = asked.size ?? defaultSize;
  const made = await madeWorkspace(asked, messages);
  const count = Math.min(counted, messages);
  const runs = await pairs(
    asked.pairs,
    () => flood(copyOf(made), count),
    () => flood(emptyPlace(), count),
  );
  const of = (side: 'ours' | 'theirs', figure: 'rate' | 'p99') => runs[side].map((run) => run[figure]);
  return [
    result(`posts, ${made.messages} messages there`, '/s', of('ours', 'rate')),
    result('posts, nothing there', '/s', of('theirs', 'rate')),
    ratio('full to empty', of('ours', 'rate'), of('theirs', 'rate'), { least: 0.8 }),
    result('one post p99, full', 'ms', of('ours', 'p99')),
    result('one post p99, empty', 'ms', of('theirs', 'p99')),
  ];
}

interface Delivered {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly missing: number;
  readonly loop: number;
}

async function deliver(place: Place): Promise<Delivered> {
  return withNode(place, async (listening, delays) => {
    const listener = await startChild('listener', listening);
    const poster = await startChild('poster', listening);
    await poster.ask({ everyMs: 1000 / aSecond, count: aSecond } satisfies Question);
    await listener.ask({});
    await delays();
    const count = aSecond * seconds;
    const sent = await poster.ask<Sent>({ everyMs: 1000 / aSecond, count } satisfies Question);
    await sleep(500);
    const came = await listener.ask<Came>({});
    const { timer } = await delays();
    await poster.end();
    await listener.end();
    const late = Object.entries(sent).flatMap(([id, at]) => {
      const then = came[id];
      return then === undefined ? [] : [then - at];
    });
    return {
      p50: percentile(late, 0.5),
      p99: percentile(late, 0.99),
      longest: Math.max(...late),
      missing: Object.keys(sent).length - late.length,
      loop: timer.max,
    };
  });
}

/** From the sending of a post to its event in another process, at 50 posts a second. */
export async function sse(asked: Asked): Promise<Result[]> {
  const made = await madeWorkspace(asked, asked.size ?? defaultSize);
  const runs: Delivered[] = [];
  for (let round = 0; round < asked.pairs; round++) runs.push(await deliver(copyOf(made)));
  const of = (figure: keyof Delivered) => runs.map((run) => run[figure]);
  return [
    result('from post to event, p99', 'ms', of('p99'), { most: 50 }),
    result('from post to event, p50', 'ms', of('p50')),
    result('from post to event, longest', 'ms', of('longest')),
    result('events that did not come', '', of('missing'), { most: 0 }),
    result('event loop of the node, longest delay', 'ms', of('loop')),
  ];
}
