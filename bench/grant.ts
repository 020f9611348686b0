import type { Listening } from './child/node.ts';
import { bareBatches, record } from './support/bare.ts';
import { startChild } from './support/child.ts';
import { allEqual, askMember as ask } from './support/members.ts';
import { type Asked, pairs, percentile, type Result, ratio, result } from './support/report.ts';
import { besidePlace, emptyPlace } from './support/workspace.ts';

const defaultSize = 200;
const warming = 200;

interface Granted {
  /** Claimed over HTTP from the node, which is the arbiter. */
  readonly asked: readonly number[];
  /** Claimed on a replica beside it, which syncs with it. */
  readonly beside: readonly number[];
}

async function claimOver({ url, token }: Listening, tasks: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const id of tasks) {
    const began = performance.now();
    const answer = await fetch(`${url}/v1/tasks/${id}/claim`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ need: 'granted' }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    times.push(performance.now() - began);
  }
  return times;
}

async function claims(count: number): Promise<Granted> {
  const home = emptyPlace();
  const node = await startChild<Listening>('node', { ...home, as: 'kai' });
  const place = besidePlace(home);
  try {
    const member = await startChild('member', { ...place, as: 'mira', upstream: node.ready.url });
    const tasks = await ask<string[]>(member, { what: 'tasks', count: 2 * (count + warming) });
    await allEqual(node, [member]);
    const next = (number: number): string[] => tasks.splice(0, number);
    await claimOver(node.ready, next(warming));
    const asked = await claimOver(node.ready, next(count));
    await ask<number[]>(member, { what: 'claim', tasks: next(warming) });
    const besideIt = await ask<number[]>(member, { what: 'claim', tasks: next(count) });
    await member.end();
    return { asked, beside: besideIt };
  } finally {
    await node.end();
    home.remove();
    place.remove();
  }
}

/** Both are compared with the same. */
async function bare(count: number): Promise<Granted> {
  const from = emptyPlace();
  const to = emptyPlace();
  try {
    const times = await bareBatches(to, await record(from, 1, count, 1));
    return { asked: times, beside: times };
  } finally {
    from.remove();
    to.remove();
  }
}

/** From the asking for a claim with `need: "granted"` to the answer that it is: one after the other, durable. */
export async function grant(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const { ours, theirs } = await pairs(
    asked.pairs,
    () => claims(count),
    () => bare(count),
  );
  const of = (which: keyof Granted, share: number): number[] =>
    ours.map((run) => percentile(run[which], share));
  const bareAt = (share: number): number[] => theirs.map(({ asked: times }) => percentile(times, share));
  return [
    result('granted, asked of the node over HTTP, p50', 'ms', of('asked', 0.5)),
    result('  p99', 'ms', of('asked', 0.99)),
    result('granted, on a replica beside the node, p50', 'ms', of('beside', 0.5)),
    result('  p99', 'ms', of('beside', 0.99)),
    result('bare synced batch of the rows of one post, p50', 'ms', bareAt(0.5)),
    ratio('asked of the node, in bare batches', of('asked', 0.5), bareAt(0.5), { most: 5 }),
    ratio('beside the node, in bare batches', of('beside', 0.5), bareAt(0.5), { most: 5 }),
  ];
}
