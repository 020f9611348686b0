import { cpSync, mkdirSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import * as Y from 'yjs';
import { CoterieError, type Entry, type Hash, type OperationState } from '../../schemas/index.ts';
import { parseDocumentName } from '../../src/log/index.ts';
import { keys, type OperationRow } from '../../src/replica/commit/rows.ts';
import type { Environment } from '../../src/replica/environment.ts';
import { openReplica } from '../../src/replica/open.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { syncSourceOf } from '../../src/replica/sync/index.ts';
import type { SyncSource } from '../../src/sync/port.ts';
import { type Disk, memoryDisk } from './disk.ts';
import { join, type MeshNode } from './mesh.ts';
import type { Network } from './network.ts';

/** One whole replica in the test network, which can be stopped, crashed and opened again. */
export interface Station {
  readonly name: string;
  /** The member that it speaks as: a copy of a directory has that of the other. */
  readonly as: string;
  readonly disk: 'memory' | 'leveldb';
  readonly replica: Replica;
  readonly source: SyncSource;
  readonly up: boolean;
  /** What its sessions told, of every opening. */
  readonly events: readonly MeshNode['events'][number][];
  /** Segments after the first that it began by an operation of its own. */
  readonly rolled: ReadonlySet<string>;
  /** What became of an operation, where the station lies in memory; undefined: it is not here. */
  stateOf(hash: Hash): OperationState | undefined;
  /** Rows as they are stored, where the station lies in memory. */
  rows<T>(prefix: string): Promise<[key: string, row: T][]>;
  /** By how much its wall clock is ahead, ms. */
  readonly skew: number;
  /** What it holds, to be restored later. It must be down, and lie in memory. */
  backup(): Promise<Disk>;
  /** All that it holds is lost, and what a backup has is there. It must be down. */
  restore(backup: Disk): Promise<void>;
  open(): Promise<void>;
  /** `crash`: only what was synced is left of it. */
  stop(crash: boolean): Promise<void>;
  /** Another one with all that this one has, its key too. This one must be down. */
  copy(name: string): Promise<Station>;
  /** How often it took another key. */
  readonly rekeyed: number;
}

/** What stations of one world share. */
export interface Ground {
  readonly network: Network;
  readonly root: string;
  readonly config: string;
  /** Whom a station keeps a link to. */
  readonly neighbours: (name: string) => readonly string[];
  /** A source whose calls are counted as under way while they are, and which may lie. */
  readonly watched: (name: string, source: SyncSource, work: { count: number }) => SyncSource;
  readonly works: Set<{ count: number }>;
  /** When each operation was written, in virtual time, whoever wrote it; by its signature. */
  readonly written: Map<string, number>;
}

/** 2026-01-01, where the wall clocks of all begin. */
export const began = 1_767_225_600_000;

/** True when an update brings an operation of this replica. */
function isBy(replica: Hash, update: Uint8Array): boolean {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  return [...doc.getMap<Entry>('ops').values()].some(({ header }) => header.replica === replica);
}

const isLater = (document: string): boolean => (parseDocumentName(document)?.segment ?? 1) > 1;

/** Notes segments that a replica begins, while it is open. */
async function noteRolls(replica: Replica, rolled: Set<string>): Promise<void> {
  const source = syncSourceOf(replica);
  const here = new Set<string>();
  for (const [log] of await source.logs())
    for (const { n } of await source.segments(log)) here.add(`log/${log}/${n}`);
  source.onUpdate(({ document, update, origin }) => {
    if (here.has(document)) return;
    here.add(document);
    if (isLater(document) && origin === undefined && isBy(replica.id, update)) rolled.add(document);
  });
}

/** Notes when this replica writes each operation. */
function noteWritten(replica: Replica, { network, written }: Ground): void {
  syncSourceOf(replica).onUpdate(({ document, update, origin }) => {
    if (origin !== undefined || !document.startsWith('log/')) return;
    for (const struct of Y.decodeUpdate(update).structs) {
      const content = struct instanceof Y.Item ? struct.content : undefined;
      for (const entry of content instanceof Y.ContentAny ? (content.arr as Partial<Entry>[]) : [])
        if (entry.sig !== undefined && !written.has(entry.sig)) written.set(entry.sig, network.now());
    }
  });
}

export function createStation(
  ground: Ground,
  given: {
    readonly name: string;
    readonly as: string;
    readonly onDisk: boolean;
    readonly skew: number;
    readonly disk?: Disk;
  },
): Station {
  const { network, root, config } = ground;
  const { name, as, onDisk, skew } = given;
  const directory = joinPath(root, name);
  mkdirSync(directory, { recursive: true });
  let disk = onDisk ? undefined : (given.disk ?? memoryDisk(directory));
  const rolled = new Set<string>();
  const before: MeshNode['events'] = [];
  let rekeyed = 0;
  let looks = 0;
  let replica: Replica | undefined;
  let node: MeshNode | undefined;
  let work = { count: 0 };
  const is = (): Replica => {
    if (!replica) throw new CoterieError('closed', `${name} is down`);
    return replica;
  };
  const memory = (): Disk => {
    if (!disk) throw new Error(`${name} lies on a disk`);
    return disk;
  };
  return {
    name,
    as,
    skew,
    disk: disk ? 'memory' : 'leveldb',
    rolled,
    get rekeyed() {
      return rekeyed;
    },
    get events() {
      return [...before, ...(node?.events ?? [])];
    },
    get replica() {
      return is();
    },
    get source() {
      return syncSourceOf(is());
    },
    get up() {
      return replica !== undefined;
    },
    stateOf(hash) {
      const row = memory().row<OperationRow>(keys.operation(hash));
      return row && (row.state ?? { state: 'counted' });
    },
    rows: (prefix) => memory().rows(prefix),
    backup: () => memory().copy(directory),
    async restore(backup) {
      if (replica) throw new Error(`${name} is up`);
      disk = await backup.copy(directory);
      await disk.restored(network.random);
    },
    async open() {
      const environment: Environment = {
        now: () => began + network.now() + skew,
        // Else how long it works in one turn, and so all that follows, is the machine's to say. It goes on by itself too:
        // who waits by it does so also while virtual time stands still.
        monotonic: () => network.now() + ++looks / 8,
        random: network.random,
        timer: network.timer,
        ...(disk ? { storage: disk.storage() } : {}),
        // Looking for what says the same is a thread's work, in real time.
        patience: 0,
      };
      replica = await openReplica({ directory, config, as, durability: 'os' }, environment);
      syncSourceOf(replica).onKey(() => rekeyed++);
      await noteRolls(replica, rolled);
      noteWritten(replica, ground);
      work = { count: 0 };
      ground.works.add(work);
      node = join(network, name, ground.watched(name, syncSourceOf(replica), work));
      for (const to of ground.neighbours(name)) node.keep(to);
    },
    async stop(crash) {
      before.push(...(node?.events ?? []));
      node?.close();
      const was = replica;
      replica = undefined;
      node = undefined;
      ground.works.delete(work);
      if (!crash) {
        await was?.close();
        return;
      }
      // What was under way in it never ends: its disk is gone.
      disk?.crash();
      void was?.close().catch(() => undefined);
    },
    async copy(other) {
      if (replica) throw new Error(`${name} is up`);
      const to = joinPath(root, other);
      cpSync(directory, to, { recursive: true });
      const copied = await disk?.copy(to);
      return createStation(ground, { name: other, as, onDisk, skew, ...(copied ? { disk: copied } : {}) });
    },
  };
}
