import { connectMachine, type Machine } from '../../../../relay/node/machine/connect.ts';
import type { Dialling, LinkState, Target } from '../../../../relay/node/machine/port.ts';
import type { ReplicaRun, RunDirectory } from '../../../../relay/node/machine/run-files.ts';

/** Time that stands still until it is told to go on. */
export interface VirtualClock {
  now(): number;
  timer(task: () => void, ms: number): () => void;
  /** Lets so many ms pass; what is due runs in order, each to its end. */
  pass(ms: number): Promise<void>;
}

export function virtualClock(): VirtualClock {
  let time = 1_700_000_000_000;
  let count = 0;
  const due = new Map<number, { at: number; task: () => void }>();
  const flush = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => time,
    timer(task, ms) {
      const id = ++count;
      due.set(id, { at: time + ms, task });
      return () => void due.delete(id);
    },
    async pass(ms) {
      const end = time + ms;
      await flush();
      for (;;) {
        const next = [...due]
          .filter(([, { at }]) => at <= end)
          .sort(([a, one], [b, other]) => one.at - other.at || a - b)[0];
        if (!next) break;
        const [id, { at, task }] = next;
        due.delete(id);
        time = at;
        task();
        await flush();
      }
      time = end;
    },
  };
}

/** A place on the virtual machine. */
interface Place {
  readonly machine: Machine;
  /** Its id, and its key. */
  replica: string;
  readonly url: string;
}

/** A machine whose replicas, run files and links are all in memory. */
export interface World {
  readonly clock: VirtualClock;
  readonly files: Map<string, ReplicaRun>;
  start(
    replica: string,
    options?: { node?: boolean; upstreams?: readonly string[]; at?: string; elsewhere?: boolean },
  ): Place;
  /** Ends in order. */
  stop(place: Place): Promise<void>;
  /** Ends at once: its run file stays, its links break. */
  kill(place: Place): void;
  /** Pairs of replicas between which a link stands, the one that dialled first. */
  links(): string[];
  /** Whether every replica that lives reaches every other over links. */
  whole(): boolean;
  /** It goes on under another key: what stood under the one before ends. */
  rename(place: Place, replica: string): void;
  /** Links to this address fail, though it takes connections. */
  deaf(place: Place, is: boolean): void;
}

export function world(): World {
  const clock = virtualClock();
  const files = new Map<string, ReplicaRun>();
  const watchers = new Set<() => void>();
  const living = new Map<string, Place>();
  const deaf = new Set<string>();
  const dials = new Map<Dialling, { from: string; to: string; lose(): void }>();
  let ports = 4000;

  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  const runs: RunDirectory = {
    leave(run) {
      const key = `${run.workspace}-${run.replica}`;
      const there = files.get(key);
      if (there?.url === run.url) return true;
      if (there && living.has(there.url)) return false;
      files.set(key, run);
      changed();
      return true;
    },
    remove(run) {
      const key = `${run.workspace}-${run.replica}`;
      if (files.get(key)?.url !== run.url) return;
      files.delete(key);
      changed();
    },
    list: (workspace) => [...files.values()].filter((run) => run.workspace === workspace),
    stale: async ({ url }) => !living.has(url),
    watch(listener) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
  };

  /** Takes 10 ms to link, and half a second to try again. */
  function dialFrom(from: string) {
    return ({ url, expect }: Target, told: () => void): Dialling => {
      let state: LinkState = 'connecting';
      let cancel = (): void => undefined;
      const become = (next: LinkState): void => {
        state = next;
        told();
      };
      const connecting = (): void => {
        cancel = clock.timer(() => {
          const there = living.get(url);
          const isExpected = expect === undefined || there?.replica === expect;
          if (there && isExpected && !deaf.has(url)) become('linked');
          else lose();
        }, 10);
      };
      const lose = (): void => {
        cancel();
        cancel = clock.timer(() => {
          become('connecting');
          connecting();
        }, 500);
        become('waiting');
      };
      const dialling: Dialling = {
        get state() {
          return state;
        },
        trouble: undefined,
        answered: undefined,
        close() {
          cancel();
          dials.delete(dialling);
        },
      };
      connecting();
      dials.set(dialling, { from, to: url, lose });
      return dialling;
    };
  }

  function breakLinks(url: string): void {
    for (const [dialling, { from, to, lose }] of dials) {
      if (from === url) dials.delete(dialling);
      else if (to === url && dialling.state === 'linked') lose();
    }
  }

  const nameOf = (url: string): string => living.get(url)?.replica ?? url;
  const links = (): string[] =>
    [...dials]
      .filter(([{ state }]) => state === 'linked')
      .map(([, { from, to }]) => `${nameOf(from)}>${nameOf(to)}`)
      .sort();

  return {
    clock,
    files,
    links,
    start(replica, { node = false, upstreams = [], at, elsewhere = false } = {}) {
      const url = at ?? `http://127.0.0.1:${++ports}`;
      const own = { replica };
      const machine = connectMachine({
        // What runs on another machine leaves no file that is seen here.
        workspace: elsewhere ? (at ?? '') : 'w',
        self: () => ({ replica: own.replica, key: own.replica }),
        node,
        listening: {
          url,
          close: async () => {
            living.delete(url);
            breakLinks(url);
          },
        },
        dial: dialFrom(url),
        runs,
        pid: ports,
        now: clock.now,
        timer: clock.timer,
        chance: () => 0.5,
        trouble: (error) => {
          throw error;
        },
      });
      for (const one of upstreams) machine.upstream({ url: one });
      const place: Place = Object.assign(own, { machine, url });
      living.set(url, place);
      return place;
    },
    stop: ({ machine }) => machine.close(),
    kill({ url, machine }) {
      const file = [...files.entries()].find(([, run]) => run.url === url);
      living.delete(url);
      breakLinks(url);
      void machine.close();
      if (file) files.set(...file);
    },
    whole() {
      const all = [...living.keys()];
      const edges = [...dials].filter(([{ state }]) => state === 'linked').map(([, edge]) => edge);
      const found = new Set(all.slice(0, 1));
      for (let grown = true; grown; ) {
        grown = false;
        for (const { from, to } of edges)
          if (found.has(from) !== found.has(to)) {
            found.add(from).add(to);
            grown = true;
          }
      }
      return all.every((url) => found.has(url));
    },
    rename(place, replica) {
      place.replica = replica;
      for (const [{ state }, { from, to, lose }] of dials)
        if (state === 'linked' && [from, to].includes(place.url)) lose();
      void place.machine.look();
    },
    deaf: ({ url }, is) => void (is ? deaf.add(url) : deaf.delete(url)),
  };
}
