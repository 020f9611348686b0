// Makes a workspace of invented messages through a replica, as a team would have.
//   node dist/bench/make-workspace.js DIRECTORY [--size 100000]
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openReplica, type Replica } from '../src/index.ts';
import { directoryBytes } from '../src/replica/upkeep/size.ts';
import { say } from './support/report.ts';
import { createDoer, inParallel, isMessage, ownChannels, type Step, steps, team } from './support/steps.ts';

/** Raise it when what is made changes: workspaces that are kept from before are then made anew. */
export const makerVersion = 1;

/** A member who writes and has read nearly everything. */
export const reader = 'kai';
const unread = 500;
/** A member who reads, and has not for a while. */
export const late = 'ada';
export const behind = 50_000;

/** What was made. */
export interface Made {
  readonly messages: number;
  readonly operations: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Pending for the member that is behind. */
  readonly pending: number;
}

/** As many steps as it takes for that many messages. */
function* upTo(messages: number, seed: number): Generator<Step> {
  let done = 0;
  for (const step of steps(seed)) {
    if (done >= messages) return;
    yield step;
    if (isMessage(step)) done++;
  }
}

/** Acknowledges everything there is. */
async function readAll(replica: Replica, handle: string): Promise<void> {
  const surface = replica.as(handle);
  const { receipt } = await surface.catchUp();
  await surface.acknowledge({ receipt });
}

export async function makeWorkspace(options: {
  readonly data: string;
  readonly config: string;
  readonly messages: number;
  readonly record: string;
}): Promise<Made> {
  const { messages } = options;
  mkdirSync(dirname(options.record), { recursive: true });
  say(`making a workspace of ${messages} messages …`);
  const began = performance.now();
  const replica = await openReplica({
    directory: options.data,
    config: options.config,
    as: reader,
    durability: 'os',
  });
  for (const name of ownChannels) await replica.channels.create({ name });
  for (const handle of [...team, late])
    await replica.as(handle).messages.post('random', { text: `${handle} is here` });
  const total = [...upTo(messages, 1)].length;
  const perform = createDoer((handle) => replica.as(handle));
  const all = upTo(messages, 1);
  let done = 0;
  function* next(count: number): Generator<Step> {
    for (let i = 0; i < count; i++) {
      const step = all.next();
      if (step.done === true) return;
      if (++done % 100_000 === 0) say(`${done} of ${total} operations`);
      yield step.value;
    }
  }
  const part = (until: number) => inParallel(next(Math.max(0, until - done)), 64, perform);
  await part(total - behind);
  await readAll(replica, late);
  await part(total - unread);
  await readAll(replica, reader);
  await part(total);
  const { counts } = await replica.status();
  const { pending } = await replica.as(late).catchUp();
  await replica.close();
  // What is written and not on disk yet would not leave the file cache.
  spawnSync('sync');
  const made: Made = {
    messages: counts.messages,
    operations: counts.operations,
    bytes: await directoryBytes(options.data),
    seconds: (performance.now() - began) / 1000,
    pending,
  };
  writeFileSync(options.record, `${JSON.stringify(made)}\n`);
  say(
    `made ${made.operations} operations in ${made.seconds.toFixed(0)} s, ${(made.bytes / 1e6).toFixed(0)} MB`,
  );
  return made;
}

if (import.meta.filename === process.argv[1]) {
  const { values, positionals } = parseArgs({
    options: { size: { type: 'string', default: '100000' } },
    allowPositionals: true,
  });
  const root = resolve(positionals[0] ?? '');
  if (positionals[0] === undefined) throw new Error('name the directory to make');
  await makeWorkspace({
    data: join(root, 'data'),
    config: join(root, 'config'),
    messages: Number(values.size),
    record: join(root, 'made.json'),
  });
}
