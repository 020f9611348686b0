import type { Hash } from '../../../schemas/index.ts';
import { toDial } from './policy.ts';
import type { Dial, Dialling, LinkState, Listening, Target, Trouble } from './port.ts';
import type { ReplicaRun, RunDirectory } from './run-files.ts';

export interface MachineOptions {
  readonly workspace: Hash;
  /** Who this replica is now, with its Ed25519 key: a copied directory takes another while it runs. */
  readonly self: () => { readonly replica: Hash; readonly key: string };
  /** True for a node, with which all others of the workspace on this machine link. */
  readonly node: boolean;
  readonly listening: Listening;
  readonly dial: Dial;
  readonly runs: RunDirectory;
  readonly pid: number;
  readonly now: () => number;
  /** Runs a task once after a while; returns what cancels it. */
  readonly timer: (task: () => void, ms: number) => () => void;
  /** 0 to 1, without 1. */
  readonly chance: () => number;
  /** Something that hinders looking around, and nothing else. */
  readonly trouble: (error: unknown) => void;
}

/** A link that is dialled from here. */
export interface DialledLink extends Target {
  readonly upstream: boolean;
  readonly state: LinkState;
  readonly trouble: Trouble | undefined;
  /** The replica key that answered. */
  readonly answered: string | undefined;
  /** True while another link with the same replica stands in its place. */
  readonly parked: boolean;
  /** Since when it is in this state, ms since 1970. */
  readonly since: number;
}

/** A replica that is found, and finds others, on its machine. */
export interface Machine {
  /** Where it listens. */
  readonly url: string;
  /** All that is dialled from here; upstreams first. */
  links(): DialledLink[];
  /**
   * Dials someone always, beside those of this machine; cycles do no harm, and oneself is not dialled. Returns what ends
   * that.
   */
  upstream(target: Target): () => void;
  /** Resolves when it has looked who is there, and dials; after a change of its own key too. */
  look(): Promise<void>;
  /** Ends what it dialled, takes the run file away, then stops listening. */
  close(): Promise<void>;
}

/** Looked around without being told so often, ms; up to half more. */
const lookEach = 5_000;
/** A change of the directory comes in bursts, ms. */
const settle = 30;
/** A node that was not reached for so long is one that others may not reach either, ms. */
const patience = 3_000;

interface Held {
  readonly target: Target;
  upstream: boolean;
  readonly dialling: Dialling;
  seen: LinkState;
  since: number;
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whoever dials itself meets its own key, which looks like a copied directory. */
function sameAddress(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  return (
    a.port === b.port && (a.hostname === b.hostname || (loopback.has(a.hostname) && loopback.has(b.hostname)))
  );
}

/**
 * Makes a replica that listens one of its machine: leaves its run file, dials its upstreams and those whom the policy
 * names, and goes along as others come and go. A change of a file, of a link, or time has it look again.
 */
export function connectMachine(options: MachineOptions): Machine {
  const { workspace, runs, dial, now, timer } = options;
  let run: ReplicaRun = {
    workspace,
    ...options.self(),
    url: options.listening.url,
    pid: options.pid,
    started: new Date(now()).toISOString(),
    node: options.node,
  };
  const held = new Map<string, Held>();
  let missing: number | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let cancelSoon: (() => void) | undefined;
  let cancelLater: (() => void) | undefined;

  function hold(target: Target, upstream: boolean): void {
    const before = held.get(target.url);
    if (before) {
      before.upstream ||= upstream;
      return;
    }
    const one: Held = { target, upstream, dialling: dial(target, changed), seen: 'connecting', since: now() };
    held.set(target.url, one);

    function changed(): void {
      if (closed || held.get(target.url) !== one) return;
      const { state } = one.dialling;
      if (state === one.seen) return;
      one.seen = state;
      one.since = now();
      // Linked: others may be let go. Lost: is it still there?
      soon();
    }
  }

  /** All that still listen, without this process. What nobody answers for is cleared away. */
  async function neighbours(): Promise<ReplicaRun[]> {
    const there = runs.list(workspace).filter(({ url }) => url !== run.url);
    const checked = await Promise.all(
      there.map(async (one) => {
        if (held.get(one.url)?.dialling.state === 'linked') return one;
        if (!(await runs.stale(one))) return one;
        runs.remove(one);
        return undefined;
      }),
    );
    return checked.filter((one) => one !== undefined);
  }

  async function lookAround(): Promise<void> {
    const self = options.self();
    if (self.replica !== run.replica) {
      // Others go on to the file that names the key which answers here now.
      runs.remove(run);
      run = { ...run, ...self };
    }
    const { replica } = run;
    // Somebody may have cleared the directory; and a copied directory's file gives way one day.
    runs.leave(run);
    const found = await neighbours();
    if (closed) return;
    const linked = new Set(
      [...held.values()]
        .filter(({ dialling }) => dialling.state === 'linked')
        .map(({ target }) => target.url),
    );
    const nodes = found.filter((one) => one.node);
    if (nodes.length === 0 || nodes.some(({ url }) => linked.has(url))) missing = undefined;
    else missing ??= now();
    const overdue = missing !== undefined && now() - missing >= patience;
    const wanted = toDial({ replica, node: options.node, neighbours: found, linked, overdue });
    const urls = new Set(wanted.map(({ url }) => url));
    for (const { url, replica: other } of wanted) {
      const key = found.find((one) => one.url === url)?.key;
      // Whoever has one's own id has a copy of this directory: its key is no surprise, and is told of.
      const target: Target = { url, ...(other === replica ? {} : { expect: key }) };
      const before = held.get(url);
      // Another key answers there now, or the copy of this directory has taken one of its own.
      if (before && !before.upstream && before.target.expect !== target.expect) {
        held.delete(url);
        before.dialling.close();
      }
      hold(target, false);
    }
    for (const [url, { upstream, dialling }] of held) {
      if (upstream || urls.has(url)) continue;
      held.delete(url);
      dialling.close(true);
    }
  }

  function later(): void {
    cancelLater?.();
    cancelLater = timer(
      () => void look(),
      missing === undefined ? lookEach * (1 + options.chance() / 2) : patience,
    );
  }

  function soon(): void {
    if (closed || cancelSoon) return;
    cancelSoon = timer(() => void look(), settle);
  }

  /** One look at a time; what is asked for meanwhile is one more. */
  async function look(): Promise<void> {
    cancelSoon?.();
    cancelSoon = undefined;
    if (looking) again = true;
    else
      looking = (async () => {
        do {
          again = false;
          if (!closed) await lookAround().catch(options.trouble);
        } while (again);
        looking = undefined;
        if (!closed) later();
      })();
    await looking;
  }

  const unwatch = runs.watch(soon);
  soon();

  return {
    url: run.url,
    links: () =>
      [...held.values()]
        .sort((a, b) => Number(b.upstream) - Number(a.upstream))
        .map(({ target, upstream, dialling, since }) => ({
          ...target,
          upstream,
          state: dialling.state,
          trouble: dialling.trouble,
          answered: dialling.answered,
          parked: dialling.parked === true,
          since,
        })),
    upstream(target) {
      if (closed || sameAddress(target.url, run.url)) return () => undefined;
      hold(target, true);
      const one = held.get(target.url);
      return () => {
        if (one === undefined || held.get(target.url) !== one) return;
        held.delete(target.url);
        one.dialling.close(true);
        // It may be one of this machine all the same.
        soon();
      };
    },
    look,
    async close() {
      if (closed) return;
      closed = true;
      unwatch();
      cancelSoon?.();
      cancelLater?.();
      await looking;
      // First, so that nobody dials anew while this ends.
      runs.remove(run);
      for (const { dialling } of held.values()) dialling.close();
      held.clear();
      await options.listening.close();
    },
  };
}
