import { setTimeout as sleep } from 'node:timers/promises';
import type { Came } from './child/listener.ts';
import type { Listening } from './child/node.ts';
import type { Flood, Question, Sent } from './child/poster.ts';
import { startChild } from './support/child.ts';
import type { Delays } from './support/delay.ts';
import { type Asked, inTurn, percentile, type Result, ratio, result } from './support/report.ts';
import { copyOf, emptyPlace, madeWorkspace, type Place } from './support/workspace.ts';

const defaultSize = 100_000;
const connections = 8;
const counted = 5000;
const warming = 500;
const paces = [50, 500];
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

interface Flooded {
  readonly rate: number;
  readonly p99: number;
}

async function flood(listening: Listening, count: number): Promise<Flooded> {
  const poster = await startChild('poster', listening);
  const ask = (number: number) => poster.ask<Flood>({ connections, count: number } satisfies Question);
  await ask(warming);
  const { rate, times } = await ask(count);
  await poster.end();
  return { rate, p99: percentile(times, 0.99) };
}

/** The same posts to a server that does next to nothing with them. */
async function bare(count: number): Promise<Flooded> {
  const place = emptyPlace();
  const server = await startChild<Listening>('bare-http', { file: `${place.data}.log` });
  try {
    return await flood(server.ready, count);
  } finally {
    await server.end();
    place.remove();
  }
}

/**
 * Durable posts over HTTP, 8 connections in a process of their own: in a full workspace, in an empty one, and to a bare
 * server that syncs nothing.
 */
export async function http(asked: Asked): Promise<Result[]> {
  const messages = asked.size ?? defaultSize;
  const made = await madeWorkspace(asked, messages);
  const count = Math.min(counted, messages);
  const to = (place: Place) => withNode(place, (listening) => flood(listening, count));
  const runs = await inTurn(asked.pairs, {
    full: () => to(copyOf(made)),
    empty: () => to(emptyPlace()),
    bare: () => bare(count),
  });
  const of = (side: keyof typeof runs, figure: keyof Flooded) => runs[side].map((run) => run[figure]);
  return [
    result(`posts, ${made.messages} messages there`, '/s', of('full', 'rate')),
    result('posts, nothing there', '/s', of('empty', 'rate')),
    result('posts to a bare node:http that appends to a file', '/s', of('bare', 'rate')),
    ratio('empty to bare', of('empty', 'rate'), of('bare', 'rate'), { least: 0.5 }),
    ratio('full to empty', of('full', 'rate'), of('empty', 'rate'), { least: 0.8 }),
    result('one post p99, full', 'ms', of('full', 'p99')),
    result('one post p99, empty', 'ms', of('empty', 'p99')),
    result('one post p99, bare', 'ms', of('bare', 'p99')),
  ];
}

interface Delivered {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly missing: number;
  readonly loop: number;
}

async function deliver(place: Place, aSecond: number): Promise<Delivered> {
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

/** From the sending of a post to its event in another process, at 50 and at 500 posts a second. */
export async function sse(asked: Asked): Promise<Result[]> {
  const made = await madeWorkspace(asked, asked.size ?? defaultSize);
  const results: Result[] = [];
  for (const aSecond of paces) {
    const runs: Delivered[] = [];
    for (let round = 0; round < asked.pairs; round++) runs.push(await deliver(copyOf(made), aSecond));
    const of = (figure: keyof Delivered) => runs.map((run) => run[figure]);
    results.push(
      result(`from post to event, ${aSecond} a second, p99`, 'ms', of('p99'), { most: 50 }),
      result('  p50', 'ms', of('p50')),
      result('  longest', 'ms', of('longest')),
      result('  events that did not come', '', of('missing'), { most: 0 }),
      result('  event loop of the node, longest delay', 'ms', of('loop')),
    );
  }
  return results;
}
