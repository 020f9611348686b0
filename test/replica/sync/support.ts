import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Environment } from '../../../src/replica/environment.ts';
import { openReplica } from '../../../src/replica/open.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { type ReplicaSource, syncSourceOf } from '../../../src/replica/sync/index.ts';
import type { DurableUpdate } from '../../../src/sync/port.ts';
import { scratch } from '../../support/scratch.ts';
import { feedOf, type Home } from '../support/open.ts';

/** One replica of a user, and its side of sync. */
export interface Peer {
  readonly name: string;
  readonly at: Home;
  replica: Replica;
  readonly source: ReplicaSource;
  /** Every update that became durable since it was opened. */
  readonly updates: DurableUpdate[];
  reopen(environment?: Environment): Promise<void>;
}

let sessions = 0;
export const session = (): number => ++sessions;

/** Replicas of one user in directories of their own. Each speaks as its name. */
export async function peers(
  names: readonly string[],
  environment: (name: string) => Environment = () => ({}),
  root: string = scratch(),
): Promise<Peer[]> {
  const all: Peer[] = [];
  for (const name of names) all.push(await peer(name, root, environment(name)));
  return all;
}

export async function peer(name: string, root: string, environment: Environment = {}): Promise<Peer> {
  const at = { root, directory: join(root, name), config: join(root, 'config') };
  const updates: DurableUpdate[] = [];
  const openOne = async (env: Environment): Promise<Replica> => {
    const replica = await openReplica(
      { directory: at.directory, config: at.config, as: name, durability: 'os' },
      env,
    );
    onTestFinished(() => replica.close());
    syncSourceOf(replica).onUpdate((update) => updates.push(update));
    return replica;
  };
  const made: Peer = {
    name,
    at,
    replica: await openOne(environment),
    get source() {
      return syncSourceOf(made.replica);
    },
    updates,
    async reopen(env = environment) {
      await made.replica.close();
      made.replica = await openOne(env);
    },
  };
  return made;
}

/** Documents of a replica by name. */
export async function documentsOf({ source }: Peer): Promise<string[]> {
  const names: string[] = [];
  for (const [log] of await source.logs())
    for (const { n } of await source.segments(log)) names.push(`log/${log}/${n}`);
  return names;
}

/** Gives `to` what `from` has and it lacks, a document at a time, by updates. */
export async function pull(from: Peer, to: Peer, by = session()): Promise<void> {
  for (const document of await documentsOf(from)) {
    const update = await from.source.diff(document, await to.source.stateVector(document));
    const received = await to.source.receive(document, update, by);
    expect(received, document).toMatchObject({ ok: true });
  }
  await to.source.idle();
}

/** Gives by key what is lacking, or lacks its text. */
export async function pullByKey(from: Peer, to: Peer): Promise<void> {
  for (const document of await documentsOf(from)) {
    const here = new Map(await to.source.keys(document));
    const want = (await from.source.keys(document)).filter(
      ([key, body]) => here.get(key) === undefined || (body && !here.get(key)),
    );
    if (want.length === 0) continue;
    const entries = await from.source.entries(
      document,
      want.map(([key]) => key),
    );
    expect(await to.source.take(document, entries, session())).toMatchObject({ ok: true });
  }
  await to.source.idle();
}

/** Exchanges until nothing differs any more. */
export async function meet(...all: readonly Peer[]): Promise<void> {
  for (let round = 0; round < 6; round++) {
    for (const from of all) for (const to of all) if (from !== to) await pull(from, to);
    const roots = await Promise.all(all.map(({ source }) => source.root()));
    if (roots.every((root) => JSON.stringify(root) === JSON.stringify(roots[0]))) return;
  }
  for (const one of all) for (const other of all) await differing(one, other);
}

async function differing(one: Peer, other: Peer): Promise<void> {
  for (const document of await documentsOf(one))
    expect(await other.source.digest(document), `${document} of ${one.name} and ${other.name}`).toEqual(
      await one.source.digest(document),
    );
}

const exported = async ({ replica, at, name }: Peer): Promise<Record<string, string>> => {
  const directory = join(at.root, `export-${name}-${session()}`);
  await replica.export({ directory });
  const files: Record<string, string> = {};
  for (const path of readdirSync(directory, { recursive: true }) as string[])
    if (statSync(join(directory, path)).isFile()) files[path] = readFileSync(join(directory, path), 'utf8');
  return files;
};

/** Digests and exports are equal, and each counted operation is in each feed once. */
export async function equal(...all: readonly Peer[]): Promise<void> {
  const [first, ...others] = all;
  if (!first) return;
  const root = await first.source.root();
  const files = await exported(first);
  for (const other of others) {
    expect(await other.source.root(), `${other.name} and ${first.name}`).toEqual(root);
    expect(await exported(other), `${other.name} and ${first.name}`).toEqual(files);
  }
  const counts: unknown[] = [];
  for (const { replica } of all) {
    const feed = (await feedOf(replica)).filter(({ type }) => type !== 'revised');
    const operations = feed.map(({ operation }) => operation);
    expect(new Set(operations).size).toBe(operations.length);
    const { counts: now } = await replica.status();
    // What was told of before it was cut stays told of.
    const told = operations.filter((_, i) => !feed[i]?.log.startsWith('marks.')).sort();
    counts.push({ ...now, feed: now.rejected > 0 ? [] : told });
  }
  const plain = (value: unknown) => ({ ...(value as object), operations: 0 });
  for (const one of counts.slice(1)) expect(plain(one)).toEqual(plain(counts[0]));
}
