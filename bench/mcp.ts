import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createFace } from '../relay/mcp/face.ts';
import { openReplica } from '../src/index.ts';
import type { Listening } from './child/node.ts';
import { startChild } from './support/child.ts';
import { type Asked, median, pairs, percentile, type Result, ratio, result } from './support/report.ts';
import { copyOf, emptyPlace, madeWorkspace, type Place } from './support/workspace.ts';

const defaultSize = 10_000;
const starts = 5;
const calls = 200;
const entry = fileURLToPath(new URL('../relay/cli/coterie.cjs', import.meta.url));

const env = ({ config, state }: Place): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: config,
  XDG_CONFIG_HOME: config,
  XDG_STATE_HOME: state,
});

const clientInfo = { name: 'bench', version: '1' };
const lines = (...messages: object[]): string =>
  messages.map((one) => `${JSON.stringify({ jsonrpc: '2.0', ...one })}\n`).join('');
const initialize = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
};
const first = { id: 2, method: 'tools/call', params: { name: 'who', arguments: {} } };

interface Started {
  /** From the spawning to the answer to `initialize`, and to that of the first tool. */
  readonly initialized: number;
  readonly called: number;
}

/** One start of `coterie mcp`, as a client does it. */
async function start(place: Place): Promise<Started> {
  const began = performance.now();
  const child = spawn(process.execPath, [entry, 'mcp', '--as', 'kai', '--data', place.data], {
    env: env(place),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  const answered = (id: number): Promise<number> =>
    new Promise((resolve, reject) => {
      child.once('close', () => reject(new Error(`coterie mcp ended: ${said}`)));
      child.stdout.on('data', () => {
        if (said.includes(`"id":${id}}`) || said.includes(`"id":${id},`)) resolve(performance.now() - began);
      });
    });
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  child.stdin.write(lines(initialize));
  const initialized = await answered(1);
  child.stdin.write(lines({ method: 'notifications/initialized' }, first));
  const called = await answered(2);
  child.stdin.end();
  await once(child, 'close');
  return { initialized, called };
}

async function bareNode(): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'close');
  return performance.now() - began;
}

/** Starts beside a node that runs; the middle one of a few. */
async function beside(): Promise<Started> {
  const place = emptyPlace();
  const node = await startChild<Listening>('node', { ...place, as: 'kai' });
  try {
    const all: Started[] = [];
    for (let i = 0; i < starts; i++) all.push(await start(place));
    return {
      initialized: median(all.map(({ initialized }) => initialized)),
      called: median(all.map(({ called }) => called)),
    };
  } finally {
    await node.end();
    place.remove();
  }
}

/** Both answers are compared with the same. */
async function bare(): Promise<Started> {
  const all: number[] = [];
  for (let i = 0; i < starts; i++) all.push(await bareNode());
  const whole = median(all);
  return { initialized: whole, called: whole };
}

/** Each tool, again and again in a workspace that has history: what it takes in the node, without a transport. */
async function tools(place: Place): Promise<Map<string, number[]>> {
  const replica = await openReplica({ directory: place.data, config: place.config, as: 'kai' });
  const kai = createFace({ with: (work) => work(replica) }, (error) => {
    throw error;
  });
  const mia = replica.as('mia');
  const took = new Map<string, number[]>();
  const call = async (name: string, input: object, counts: boolean): Promise<Record<string, unknown>> => {
    const began = performance.now();
    const said = await kai.call(name, input, { signal: new AbortController().signal });
    const time = performance.now() - began;
    if (said === undefined || said.isError) throw new Error(`${name}: ${said?.content[0]?.text}`);
    if (counts) took.set(name, [...(took.get(name) ?? []), time]);
    return said.structuredContent;
  };
  try {
    await call('search', { query: 'release' }, false);
    // An agent that keeps up: what it was shown it acknowledges, what it reserved it gives back.
    let { receipt, complete } = await call('catch_up', {}, false);
    while (!complete) ({ receipt, complete } = await call('catch_up', { acknowledge: receipt }, false));
    for (let i = -20; i < calls; i++) {
      const { short } = await mia.tasks.create({ title: `Task ${i}` });
      await mia.messages.post('general', { text: `@kai number ${i}` });
      await call('post', { to: 'general', text: `number ${i}` }, i >= 0);
      await call('read', { channel: 'general' }, i >= 0);
      await call('search', { query: 'number' }, i >= 0);
      await call('task', { action: 'ready' }, i >= 0);
      await call('claim', { id: short, need: 'granted' }, i >= 0);
      await call('remember', { text: `number ${i}`, key: 'bench' }, i >= 0);
      await call('who', {}, i >= 0);
      const { id } = await call('reserve', { globs: [`src/${i}/**`] }, i >= 0);
      await call('reserve', { release: id }, false);
      ({ receipt } = await call('catch_up', {}, i >= 0));
      if (receipt !== undefined) await replica.acknowledge({ receipt: String(receipt) });
    }
    return took;
  } finally {
    await replica.close();
    place.remove();
  }
}

/** How soon `coterie mcp` answers, and what a tool call takes in the node. */
export async function mcp(asked: Asked): Promise<Result[]> {
  const { ours, theirs } = await pairs(asked.pairs, beside, bare);
  const made = await madeWorkspace(asked, asked.size ?? defaultSize);
  const took = await tools(copyOf(made));
  const initialized = ours.map((run) => run.initialized);
  const nothing = theirs.map((run) => run.initialized);
  return [
    result('coterie mcp, from its start to the answer to initialize', 'ms', initialized, { most: 400 }),
    result(
      'and to that of its first tool call',
      'ms',
      ours.map(({ called }) => called),
    ),
    result('node -e 0', 'ms', nothing),
    ratio('start to bare node', initialized, nothing),
    ...[...took].map(([name, times]) =>
      result(`${name}, median of ${calls} calls`, 'ms', [percentile(times, 0.5)], { most: 10 }),
    ),
    ...[...took].map(([name, times]) => result(`${name}, p95`, 'ms', [percentile(times, 0.95)])),
  ];
}
