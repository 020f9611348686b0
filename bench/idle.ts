import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReplica } from '../src/index.ts';
import { documentName } from '../src/log/index.ts';
import type { IdlersInput, IdlersQuestion } from './child/idlers.ts';
import type { Listening } from './child/node.ts';
import { type Child, startChild } from './support/child.ts';
import { admitKeys } from './support/idle-mux.ts';
import type { Rest } from './support/memory.ts';
import { type Asked, type Result, result } from './support/report.ts';
import { emptyPlace } from './support/workspace.ts';

const defaultSize = 4000;
/** Processes that the sessions come from: each may have so many files open. */
const processes = 4;

/** Bytes a session. */
export interface Each {
  readonly resident: number;
  readonly used: number;
}

export interface Listener {
  readonly child: Child;
  readonly rest: () => Promise<Rest>;
}

/** Memory before and after they came, all of whom must still be there. */
export async function measure({ rest }: Listener, inputs: readonly IdlersInput[]): Promise<Each> {
  const idlers = await Promise.all(inputs.map((input) => startChild('idlers', input)));
  const all = async (question: IdlersQuestion): Promise<number> => {
    const counts = await Promise.all(idlers.map((one) => one.ask<number>(question)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  try {
    // What the first ones cost is code.
    await all('visit');
    const from = await rest();
    await all('come');
    const to = await rest();
    const count = inputs.reduce((sum, one) => sum + one.count, 0);
    const alive = await all('alive');
    if (alive !== count) throw new Error(`of ${count} sessions ${alive} are left`);
    return { resident: (to.resident - from.resident) / count, used: (to.used - from.used) / count };
  } finally {
    for (const one of idlers) await one.end();
  }
}

/** The sessions of each process. */
export const shares = (count: number): { readonly first: number; readonly count: number }[] =>
  Array.from({ length: processes }, (_, i) => {
    const first = Math.floor((count * i) / processes);
    return { first, count: Math.floor((count * (i + 1)) / processes) - first };
  });

/** Stock sessions in rooms of fifty on the open relay. */
async function onOpenRelay(count: number): Promise<Each> {
  const place = emptyPlace();
  const child = await startChild<{ url: string }>('open-relay', { data: place.data });
  try {
    const { url } = child.ready;
    const inputs = shares(count).map((share): IdlersInput => ({ ...share, url }));
    return await measure({ child, rest: () => child.ask<Rest>({}) }, inputs);
  } finally {
    await child.end();
    place.remove();
  }
}

/** Replicas of the workspace on a node, each with a key of its own, admitted before, and one document open. */
async function onNode(count: number): Promise<Each> {
  const place = emptyPlace();
  const replica = await openReplica({ directory: place.data, config: place.config, as: 'kai' });
  const { channel } = await replica.messages.post('general', { text: 'Hello.' });
  const workspace = replica.workspace.id;
  const seeds = join(place.config, 'seeds');
  writeFileSync(seeds, await admitKeys(replica, place.config, count));
  await replica.close();
  const child = await startChild<Listening>('node', { ...place, as: 'kai' });
  try {
    const { url } = child.ready;
    const mux = { seeds, workspace, document: documentName(`channel.${channel}`, 1) };
    const inputs = shares(count).map((share): IdlersInput => ({ ...share, url, mux }));
    return await measure({ child, rest: () => child.ask<Rest>({ what: 'rest' }) }, inputs);
  } finally {
    await child.end();
    place.remove();
  }
}

/** What a session costs that does nothing, at the process that has it, socket included. */
export async function idle(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const plain: Each[] = [];
  const mux: Each[] = [];
  for (let round = 0; round < asked.pairs; round++) {
    plain.push(await onOpenRelay(count));
    mux.push(await onNode(count));
  }
  const kilobytes = (runs: readonly Each[], figure: keyof Each) => runs.map((run) => run[figure] / 1000);
  return [
    result(`plain session, ${count} on an open relay, resident`, 'KB', kilobytes(plain, 'resident'), {
      most: 16,
    }),
    result('  objects and buffers', 'KB', kilobytes(plain, 'used')),
    result(`session of a replica, ${count} on a node, resident`, 'KB', kilobytes(mux, 'resident'), {
      most: 16,
    }),
    result('  objects and buffers', 'KB', kilobytes(mux, 'used')),
  ];
}
