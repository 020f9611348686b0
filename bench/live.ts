import { setTimeout as sleep } from 'node:timers/promises';
import type { Came } from './child/listener.ts';
import type { MemberInput } from './child/member.ts';
import type { Listening } from './child/node.ts';
import type { Sent } from './child/poster.ts';
import { bareBatches, record } from './support/bare.ts';
import { type Child, startChild } from './support/child.ts';
import { allEqual, askMember as ask } from './support/members.ts';
import { type Asked, pairs, percentile, type Result, ratio, result } from './support/report.ts';
import { besidePlace, emptyPlace, type Place } from './support/workspace.ts';

const aSecond = 20;
const defaultSize = 400;
const warming = 40;
/** What came late is waited for so long, ms. */
const grace = 1000;

interface Delivered {
  /** At a pace, and when each waits for the one before to have come. */
  readonly late: readonly number[];
  readonly inTurn: readonly number[];
  readonly missing: number;
}

const everyMs = 1000 / aSecond;

/** Two members on machines of their own, which know each other through the node alone. */
async function deliver(count: number): Promise<Delivered> {
  const home = emptyPlace();
  const places: Place[] = [home];
  const node = await startChild<Listening>('node', { ...home, as: 'kai' });
  try {
    const members: Child[] = [];
    for (const as of ['mira', 'juno']) {
      const place = besidePlace(home);
      places.push(place);
      const input: MemberInput = { ...place, as, upstream: node.ready.url };
      members.push(await startChild('member', input));
    }
    const [writer, reader] = members as [Child, Child];
    await ask(writer, { what: 'post', count: 1, everyMs: 0 });
    await allEqual(node, members);
    await ask<Sent>(writer, { what: 'post', count: warming, everyMs });
    await ask<Came>(reader, { what: 'came' });
    const sent = await ask<Sent>(writer, { what: 'post', count, everyMs });
    await sleep(grace);
    const came = await ask<Came>(reader, { what: 'came' });
    const inTurn: number[] = [];
    for (let i = 0; i < count; i++) {
      const one = await ask<Sent>(writer, { what: 'post', count: 1, everyMs: 0 });
      const [[operation, at]] = Object.entries(one) as [[string, number]];
      const heard = await ask<Came>(reader, { what: 'until', operation });
      inTurn.push((heard[operation] as number) - at);
    }
    for (const member of members) await member.end();
    const late = Object.entries(sent).flatMap(([id, at]) => {
      const then = came[id];
      return then === undefined ? [] : [then - at];
    });
    return { late, inTurn, missing: count - late.length };
  } finally {
    await node.end();
    for (const place of places) place.remove();
  }
}

async function bare(count: number): Promise<Delivered> {
  const from = emptyPlace();
  const to = emptyPlace();
  try {
    const recording = await record(from, 1, count, 1);
    const late = await bareBatches(to, recording, everyMs);
    return { late, inTurn: await bareBatches(to, recording), missing: 0 };
  } finally {
    from.remove();
    to.remove();
  }
}

/** From a post in one process to its event in another, through a node in a third: durable in all three. */
export async function live(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const { ours, theirs } = await pairs(
    asked.pairs,
    () => deliver(count),
    () => bare(count),
  );
  const at = (runs: readonly Delivered[], share: number): number[] =>
    runs.map(({ late }) => percentile(late, share));
  const inTurn = (runs: readonly Delivered[], share: number): number[] =>
    runs.map((run) => percentile(run.inTurn, share));
  return [
    result('from post to event, one after the other, p50', 'ms', inTurn(ours, 0.5)),
    result('  p99', 'ms', inTurn(ours, 0.99)),
    result('bare synced batch of the rows of one post, one after the other, p50', 'ms', inTurn(theirs, 0.5)),
    result('  p99', 'ms', inTurn(theirs, 0.99)),
    ratio('post to event in bare batches, one after the other, p50', inTurn(ours, 0.5), inTurn(theirs, 0.5), {
      most: 5,
    }),
    result(`from post to event, ${aSecond} a second, p50`, 'ms', at(ours, 0.5)),
    result('  p99', 'ms', at(ours, 0.99)),
    result(`bare synced batch, ${aSecond} a second, p50`, 'ms', at(theirs, 0.5)),
    result('  p99', 'ms', at(theirs, 0.99)),
    ratio(`post to event in bare batches, ${aSecond} a second, p50`, at(ours, 0.5), at(theirs, 0.5), {
      most: 5,
    }),
    result(
      'events that did not come',
      '',
      ours.map(({ missing }) => missing),
      { most: 0 },
    ),
  ];
}
