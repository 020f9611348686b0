import type { JoinedTimes, JoinerInput } from './child/joiner.ts';
import type { Holding, Listening, NodeQuestion } from './child/node.ts';
import { reader } from './make-workspace.ts';
import { runChild, startChild } from './support/child.ts';
import type { Delays } from './support/delay.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { besidePlace, copyOf, madeWorkspace, type Place } from './support/workspace.ts';

const defaultSize = 100_000;

interface Run extends JoinedTimes {
  /** Longest stall of the event loop of the node. */
  readonly nodeStall: number;
}

async function joinOnce(from: Place): Promise<Run> {
  const place = besidePlace(from);
  const node = await startChild<Listening>('node', { ...from, as: reader });
  try {
    const there = await node.ask<Holding>({ what: 'holding' } satisfies NodeQuestion);
    // What opening cost it is over.
    await node.ask<Delays>({ what: 'delays' } satisfies NodeQuestion);
    const { data, config, state } = place;
    const input: JoinerInput = { data, config, state, as: reader, upstream: node.ready.url, there };
    const joined = await runChild<JoinedTimes>('joiner', input);
    const { digest } = await node.ask<Holding>({ what: 'holding' } satisfies NodeQuestion);
    if (digest !== joined.digest) throw new Error('what came is not what was there');
    const { histogram, timer } = await node.ask<Delays>({ what: 'delays' } satisfies NodeQuestion);
    return { ...joined, nodeStall: Math.max(histogram.max, timer.max) };
  } finally {
    await node.end();
    place.remove();
  }
}

/** An empty replica joins a full workspace over loopback, through a node in a process of its own. */
export async function join(asked: Asked): Promise<Result[]> {
  const made = await madeWorkspace(asked, asked.size ?? defaultSize);
  const runs: Run[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    const from = copyOf(made);
    try {
      runs.push(await joinOnce(from));
    } finally {
      from.remove();
    }
  }
  const of = (figure: (run: Run) => number): number[] => runs.map(figure);
  return [
    result(
      'newest page of general, from opening',
      'ms',
      of((run) => run.newest),
      { most: 2000 },
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
      { least: 5000 },
    ),
    result(
      'all there and counted, after',
      's',
      of((run) => run.all / 1000),
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
      'longest stall of the node',
      'ms',
      of((run) => run.nodeStall),
    ),
    result(
      'bytes to the joiner',
      'MB',
      of((run) => run.traffic.received / 1e6),
    ),
    result(
      'bytes to the node',
      'MB',
      of((run) => run.traffic.sent / 1e6),
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
