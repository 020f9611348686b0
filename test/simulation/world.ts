import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import type { Environment } from '../../src/replica/environment.ts';
import { openReplica } from '../../src/replica/open.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import { createMemoryDocuments } from '../../src/storage/documents/memory.ts';
import type { Storage } from '../../src/storage/open.ts';
import { createMemoryStore } from '../../src/storage/store/memory.ts';
import type { SyncSource } from '../../src/sync/port.ts';
import { spoil } from './hostile.ts';
import { join, type MeshNode } from './mesh.ts';
import { createNetwork, type Network } from './network.ts';

/** One whole replica in the test network, which can be stopped, crashed and opened again. */
export interface Station {
  readonly name: string;
  readonly disk: 'memory' | 'leveldb';
  readonly replica: Replica;
  readonly source: SyncSource;
  readonly up: boolean;
  readonly events: MeshNode['events'];
  open(): Promise<void>;
  /** `crash`: only what was synced is left of it. */
  stop(crash: boolean): Promise<void>;
}

export interface World {
  readonly network: Network;
  /** What lied tells the truth from now on. */
  honest(): void;
  /** Waits for something while virtual time goes on: replicas wait by it too. */
  drive<T>(work: Promise<T>): Promise<T>;
  readonly stations: readonly Station[];
  close(): Promise<void>;
}

/** 2026-01-01, where the wall clocks of all begin. */
const began = 1_767_225_600_000;
const day = 86_400_000;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Counts what is under way, so that virtual time stands still until disks and threads have answered. */
function watched<S extends SyncSource>(
  source: S,
  work: { count: number },
  lies: (state: Uint8Array) => Uint8Array,
): S {
  const diff = async (document: string, vector: Uint8Array): Promise<Uint8Array> =>
    lies(await source.diff(document, vector));
  return new Proxy(source, {
    get(target, name) {
      const value: unknown = name === 'diff' ? diff : Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const answer = Reflect.apply(value, target, given) as unknown;
        if (!(answer instanceof Promise)) return answer;
        work.count++;
        const done = (): void => void work.count--;
        answer.then(done, done);
        return answer;
      };
    },
  });
}

function memoryDisk(directory: string) {
  const scrub = async () => ({ tables: 0, bytes: 0, unrecorded: 0, problems: [] });
  let store = createMemoryStore();
  let documents = createMemoryDocuments();
  return {
    storage: (): Storage => ({
      store: Object.assign(store, { loss: undefined, acceptLoss: async () => undefined, scrub }),
      documents: Object.assign(documents, { scrub }),
      info: { directory, format: 1, isNew: false, durability: 'sync', loss: undefined },
      scrub: async () => ({ journal: await scrub(), documents: await scrub() }),
      free: () => 1e12,
      close: async () => undefined,
    }),
    crash() {
      store = store.crash();
      documents = documents.crash();
    },
  };
}

/** Replicas of one machine in a network of which each dials some others, all from one seed. */
export async function createWorld(options: {
  readonly seed: number;
  readonly names: readonly string[];
  /** How many of them lie on LevelDB directories. */
  readonly onDisk: number;
  /** The last one's clock is a day ahead. */
  readonly skewed: boolean;
  /** The last one lies in what it sends, until `honest` is called. */
  readonly hostile: boolean;
}): Promise<World> {
  const { seed, names } = options;
  /** What is under way in each replica that is up. */
  let lying = options.hostile;
  const works = new Set<{ count: number }>();
  const busy = (): boolean => [...works].some(({ count }) => count > 0);
  const network = createNetwork({
    seed,
    lossOneIn: 400,
    twiceOneIn: 10,
    async idle() {
      await nextTurn();
      while (busy()) await nextTurn();
      await nextTurn();
    },
  });
  const root = mkdtempSync(joinPath(tmpdir(), 'coterie-world-'));
  const config = joinPath(root, 'config');

  async function drive<T>(doing: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    doing.then(end, end);
    for (let turns = 0; !over; turns++) {
      await nextTurn();
      // Disks and threads first: they answer without any time.
      if (turns % 20 === 19) await network.run(10);
    }
    return doing;
  }

  const stations = names.map((name, at): Station => {
    const directory = joinPath(root, name);
    mkdirSync(directory, { recursive: true });
    const disk = at < options.onDisk ? undefined : memoryDisk(directory);
    const skew = options.skewed && at === names.length - 1 ? day : 0;
    let replica: Replica | undefined;
    let node: MeshNode | undefined;
    let work = { count: 0 };
    const events: MeshNode['events'] = [];
    const is = (): Replica => {
      if (!replica) throw new CoterieError('closed', `${name} is down`);
      return replica;
    };
    return {
      name,
      disk: disk ? 'memory' : 'leveldb',
      events,
      get replica() {
        return is();
      },
      get source() {
        return syncSourceOf(is());
      },
      get up() {
        return replica !== undefined;
      },
      async open() {
        const environment: Environment = {
          now: () => began + network.now() + skew,
          random: network.random,
          timer: network.timer,
          ...(disk ? { storage: disk.storage() } : {}),
        };
        replica = await openReplica({ directory, config, as: name, durability: 'os' }, environment);
        work = { count: 0 };
        works.add(work);
        const lies = (state: Uint8Array): Uint8Array =>
          lying && at === names.length - 1 && network.draw(3) === 0 ? spoil(state, network.draw) : state;
        node = join(network, name, watched(syncSourceOf(replica), work, lies));
        // A ring, and for every second one a link across: cycles are harmless, and no one is the middle.
        for (const step of at % 2 === 0 ? [1, 2] : [1]) {
          const to = names[(at + step) % names.length];
          if (to !== undefined && to !== name) node.keep(to);
        }
      },
      async stop(crash) {
        events.push(...(node?.events ?? []));
        node?.close();
        const was = replica;
        replica = undefined;
        node = undefined;
        works.delete(work);
        if (!crash) {
          await was?.close();
          return;
        }
        // What was under way in it never ends: its disk is gone.
        disk?.crash();
        void was?.close().catch(() => undefined);
      },
    };
  });
  for (const station of stations) await drive(station.open());
  return {
    network,
    honest() {
      lying = false;
    },
    drive,
    stations,
    async close() {
      for (const station of stations) await drive(station.stop(false));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
