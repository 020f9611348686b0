import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import type { SyncSource } from '../../src/sync/port.ts';
import { createLiar, type Liar } from './liar/liar.ts';
import { spoil } from './liar/spoil.ts';
import { createNetwork, type Network } from './network.ts';
import { began, createStation, type Ground, type Station } from './station.ts';

export interface World {
  /** Below it lie the user's configuration and the directories. */
  readonly root: string;
  readonly network: Network;
  /** What lied tells the truth from now on. */
  honest(): void;
  /** A key that is admitted and lies in what it signs, where there is one. */
  readonly liar: Liar | undefined;
  /** Waits for something while virtual time goes on: replicas wait by it too. */
  drive<T>(work: Promise<T>): Promise<T>;
  readonly stations: readonly Station[];
  /** When each operation was written, in virtual time, by its signature. */
  readonly written: ReadonlyMap<string, number>;
  /** The directory of a station that is up is copied, and both go on under one key. */
  copy(station: Station): Promise<void>;
  close(): Promise<void>;
}

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
  /** Many small runs: no two are linked twice, and who runs them tells of their seeds. */
  readonly small?: boolean;
}): Promise<World> {
  const { seed, names } = options;
  /** What is under way in each replica that is up. */
  let lying = options.hostile;
  const works = new Set<{ count: number }>();
  const written = new Map<string, number>();
  const busy = (): boolean => [...works].some(({ count }) => count > 0);
  const network = createNetwork({
    seed,
    lossOneIn: 400,
    twiceOneIn: 10,
    quiet: options.small ?? false,
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
      if (turns > 2_000_000) throw new Error('what was waited for never came');
      await nextTurn();
      // Disks and threads first: they answer without any time.
      if (turns % 20 === 19) await network.run(10);
    }
    return doing;
  }

  const ground: Ground = {
    network,
    root,
    config,
    works,
    written,
    // A ring, and for every second one a link across: cycles are harmless, and no one is the middle.
    neighbours(name) {
      const at = names.indexOf(name);
      if (at < 0) return names.slice(1, 3);
      const others = (at % 2 === 0 && !options.small ? [1, 2] : [1]).map(
        (step) => names[(at + step) % names.length] ?? name,
      );
      return others.filter((other) => other !== name);
    },
    watched: (name, source, work) =>
      watched(source, work, (state) =>
        lying && name === names.at(-1) && network.draw(3) === 0 ? spoil(state, network.draw) : state,
      ),
  };
  const stations = names.map((name, at) =>
    createStation(ground, {
      name,
      as: name,
      onDisk: at < options.onDisk,
      skew: options.skewed && at === names.length - 1 ? day : 0,
    }),
  );
  for (const station of stations) await station.open();
  const { random, draw } = network;
  const liar = options.hostile
    ? createLiar({ root, random, draw, now: () => began + network.now() })
    : undefined;
  return {
    root,
    network,
    honest() {
      lying = false;
    },
    liar,
    drive,
    stations,
    written,
    async copy(station) {
      await drive(station.stop(false));
      const other = await drive(station.copy(`${station.name}-copy`));
      stations.push(other);
      await station.open();
      await other.open();
    },
    async close() {
      for (const station of stations) await drive(station.stop(false));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
