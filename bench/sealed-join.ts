import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openReplica } from '../relay/embed/index.ts';
import { openLog } from '../relay/index.ts';
import type { JoinedTimes, JoinerInput } from './child/joiner.ts';
import type { Holding, Listening, NodeQuestion } from './child/node.ts';
import { makerVersion, makeWorkspace, reader } from './make-workspace.ts';
import { runChild, startChild } from './support/child.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { copyOf, copyTree, emptyPlace, type Place, placed } from './support/workspace.ts';

const defaultSize = 100_000;

/** Two directories of a workspace: one that holds all of it, one that was admitted when it was empty. */
async function madeApart(asked: Asked, messages: number): Promise<{ full: string; empty: string }> {
  const root = join(asked.cache, `coterie-bench-apart-${messages}-v${makerVersion}`);
  const at = { full: join(root, 'full'), empty: join(root, 'empty') };
  if (!asked.fresh && existsSync(join(root, 'made.json'))) return at;
  rmSync(root, { recursive: true, force: true });
  const [full, empty] = [placed(at.full), placed(at.empty)];
  mkdirSync(root, { recursive: true });
  const open = ({ data, config, state }: typeof full, upstreams: readonly string[]) =>
    openReplica({ directory: data, config, as: reader, sync: { state, upstreams, log: openLog('error') } });
  const first = await open(full, []);
  await first.messages.post('general', { text: 'begun' });
  copyTree(full.config, empty.config);
  const second = await open(empty, [first.sync?.url ?? '']);
  while ((await second.messages.list('general')).items.length === 0) await sleep(20);
  await second.messages.post('general', { text: 'here' });
  await second.sync?.settled({ peers: 1, timeoutMs: 30_000 });
  await second.close();
  await first.close();
  await makeWorkspace({ ...full, messages, record: join(at.full, 'made.json') });
  writeFileSync(join(root, 'made.json'), '{}\n');
  return at;
}

interface Run extends JoinedTimes {
  /** Until all of it was in the mailbox, ms. */
  readonly brought: number;
}

async function once(from: Place, to: Place, data: string): Promise<Run> {
  const relay = await startChild<{ url: string }>('sealed-relay', { data });
  const upstreams = [relay.ready.url];
  try {
    const node = await startChild<Listening>('node', { ...from, as: reader, upstreams });
    const { url, token } = node.ready;
    const began = performance.now();
    for (;;) {
      const answer = await fetch(`${url}/v1/remotes`, { headers: { authorization: `Bearer ${token}` } });
      const { items } = (await answer.json()) as { items: { state: string; lag: number }[] };
      if (items.length > 0 && items.every(({ state, lag }) => state === 'linked' && lag === 0)) break;
      await sleep(100);
    }
    const brought = performance.now() - began;
    const there = await node.ask<Holding>({ what: 'holding' } satisfies NodeQuestion);
    await node.end();
    const input: JoinerInput = { ...to, as: reader, upstream: relay.ready.url, there, sealed: true };
    const joined = await runChild<JoinedTimes>('joiner', input);
    if (there.digest !== joined.digest) throw new Error('what came is not what was there');
    return { ...joined, brought };
  } finally {
    await relay.end();
  }
}

/** A replica brings a full workspace to an empty sealed relay and goes; another finds all of it there. */
export async function sealedJoin(asked: Asked): Promise<Result[]> {
  const made = await madeApart(asked, asked.size ?? defaultSize);
  const runs: Run[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const [from, to, relay] = [copyOf({ root: made.full }), copyOf({ root: made.empty }), emptyPlace()];
    try {
      runs.push(await once(from, to, relay.data));
    } finally {
      for (const place of [from, to, relay]) place.remove();
    }
  }
  const of = (figure: (run: Run) => number): number[] => runs.map(figure);
  return [
    result(
      'newest page of general, from opening',
      'ms',
      of((run) => run.newest),
      { most: 3000 },
    ),
    result(
      '  of it opening and dialling',
      'ms',
      of((run) => run.opened),
    ),
    result(
      'all there and counted',
      '/s',
      of((run) => (run.operations / run.all) * 1000),
      { least: 4000 },
    ),
    result(
      'all there and counted, after',
      's',
      of((run) => run.all / 1000),
    ),
    result(
      'all in the empty mailbox, after',
      's',
      of((run) => run.brought / 1000),
    ),
    result(
      'longest stall of the joiner',
      'ms',
      of((run) => run.stall),
    ),
    result(
      'stalls of the joiner, p99',
      'ms',
      of((run) => run.stallP99),
    ),
    result(
      'bytes to the joiner',
      'MB',
      of((run) => run.traffic.received / 1e6),
    ),
    result(
      'memory of the joiner at most: anonymous',
      'MB',
      of((run) => run.memory.anonymous),
    ),
    result(
      'operations',
      '',
      of((run) => run.operations),
    ),
  ];
}
