import { createHash } from 'node:crypto';
import type { Session, SessionTransport } from '../../src/sync/session.ts';
import { createClock, type VirtualClock } from './clock.ts';

/** One end of a connection: what is under a session. */
export interface End {
  readonly transport: SessionTransport;
  /** Hands over what comes. Called at once after the session is made. */
  bind(session: Pick<Session, 'receive' | 'drained' | 'closed'>): void;
}

export interface Connection {
  readonly from: string;
  readonly to: string;
  readonly open: boolean;
  /** Down at both ends; what was on its way arrives in part, or not at all. */
  cut(): void;
  /** Nothing is handed over at this end until it is released: a slow reader. */
  hold(at: string): void;
  release(at: string): void;
}

export interface NetworkOptions {
  readonly seed: number;
  /** Time that a packet takes, ms: drawn between the two. */
  readonly latency?: readonly [low: number, high: number];
  /** A packet in so many is lost, which cuts its connection; 0: none. */
  readonly lossOneIn?: number;
  /** A dial in so many makes two connections; 0: none. */
  readonly twiceOneIn?: number;
  /** The seed is told by who runs many of them. */
  readonly quiet?: boolean;
  /** Waits until what runs outside of the clock is done: disks, threads. */
  readonly idle?: () => Promise<void>;
}

export interface Network extends VirtualClock {
  readonly seed: number;
  random(bytes: number): Uint8Array;
  /** A number from 0 to below `below`. */
  draw(below: number): number;
  /** Who answers under a name. Returns what ends that. */
  listen(name: string, accept: (end: End, from: string) => void): () => void;
  /** Connects, unless a partition is between the two: then it fails after a while. `dialled` gets each connection. */
  dial(
    from: string,
    to: string,
    dialled: (end: End, connection: Connection) => void,
    failed?: () => void,
  ): void;
  connections(): readonly Connection[];
  /** Packets from one to the other stay where they are, one way; so do dials. */
  block(from: string, to: string): void;
  unblock(from: string, to: string): void;
  /** Members of different groups cannot reach each other; who is in no group reaches all. */
  partition(groups: readonly (readonly string[])[]): void;
  /** Ends each partition and block. */
  heal(): void;
  /** Bytes that were handed over so far, from one to the other. */
  bytes(from: string, to: string): number;
  /** Bytes that were sent and not handed over yet, from one to the other. */
  waiting(from: string, to: string): number;
  /** What happened, in order, as a hash: equal for equal runs. */
  trace(): string;
  readonly counts: { packets: number; cuts: number; dials: number; doubles: number };
}

interface Packet {
  readonly frame: Uint8Array;
  readonly at: number;
}

/** One direction of a connection. It keeps its order, whatever the times of its packets. */
interface Lane {
  readonly from: string;
  readonly to: string;
  queue: Packet[];
  bytes: number;
  full: boolean;
  paused: boolean;
  heldBack: boolean;
  planned: boolean;
  session: Pick<Session, 'receive' | 'drained' | 'closed'> | undefined;
}

interface Open extends Connection {
  /** Tries again what a partition kept. */
  pump(): void;
  waiting(a: string, b: string): number;
}

/** Where `drained` is due again, bytes. */
const lowWater = 1024 * 1024;

/**
 * A network of named ends with a virtual clock, all of it from one seed: packets of one connection keep their order,
 * as in TCP, those of others overtake them; a connection can end at any packet.
 */
export function createNetwork(options: NetworkOptions): Network {
  const { seed, latency = [1, 20], lossOneIn = 0, twiceOneIn = 0 } = options;
  const clock = createClock(seed, options.idle);
  const trace = createHash('sha256');
  const listeners = new Map<string, (end: End, from: string) => void>();
  const open = new Set<Open>();
  const blocked = new Set<string>();
  const moved = new Map<string, number>();
  const counts = { packets: 0, cuts: 0, dials: 0, doubles: 0 };
  let groups: readonly ReadonlySet<string>[] = [];
  let numbered = 0;

  const note = (what: string): void => void trace.update(`${clock.now()} ${what}\n`);
  const draw = (low: number, high: number): number => low + clock.draw(high - low + 1);

  const isBlocked = (from: string, to: string): boolean => {
    if (blocked.has(`${from} ${to}`)) return true;
    const [a, b] = [groups.find((group) => group.has(from)), groups.find((group) => group.has(to))];
    return a !== undefined && b !== undefined && a !== b;
  };

  function connect(from: string, to: string): { near: End; far: End; connection: Connection } {
    const number = ++numbered;
    const lane = (a: string, b: string): Lane => ({
      from: a,
      to: b,
      queue: [],
      bytes: 0,
      full: false,
      paused: false,
      heldBack: false,
      planned: false,
      session: undefined,
    });
    const there = lane(from, to);
    const back = lane(to, from);
    let up = true;

    /** Hands over one packet, or loses it. */
    function hand(lane: Lane, { frame }: Packet): void {
      lane.bytes -= frame.length;
      if (lossOneIn > 0 && clock.draw(lossOneIn) === 0) {
        connection.cut();
        return;
      }
      counts.packets++;
      const key = `${lane.from} ${lane.to}`;
      moved.set(key, (moved.get(key) ?? 0) + frame.length);
      note(`${number} ${key} ${frame.length}`);
      lane.session?.receive(frame);
      if (!lane.full || lane.bytes >= lowWater) return;
      lane.full = false;
      const sender = lane === there ? back : there;
      sender.session?.drained();
    }

    function deliver(lane: Lane): void {
      lane.planned = false;
      while (up && !lane.paused && !lane.heldBack && !isBlocked(lane.from, lane.to)) {
        const packet = lane.queue[0];
        if (!packet) return;
        if (packet.at > clock.now()) {
          plan(lane, packet.at - clock.now());
          return;
        }
        lane.queue.shift();
        hand(lane, packet);
      }
    }

    function plan(lane: Lane, ms: number): void {
      if (lane.planned) return;
      lane.planned = true;
      clock.timer(() => deliver(lane), ms);
    }

    /** Down: each end hears of it in its own time. */
    function end(code: number, reason: string): void {
      if (!up) return;
      up = false;
      open.delete(connection);
      note(`${number} down ${code}`);
      for (const { session } of [there, back])
        clock.timer(() => session?.closed(code, reason), draw(...latency));
    }

    /** The end that sends on `out` and hears what comes on `into`. */
    const endOf = (out: Lane, into: Lane): End => ({
      transport: {
        send(frame) {
          if (!up) return;
          const after = out.queue.at(-1)?.at ?? 0;
          const at = Math.max(after, clock.now() + draw(...latency));
          out.queue.push({ frame, at });
          out.bytes += frame.length;
          if (out.bytes >= lowWater) out.full = true;
          plan(out, at - clock.now());
        },
        buffered: () => out.bytes,
        // After what was sent, if that gets through.
        close(code, reason) {
          const last = out.queue.at(-1)?.at ?? clock.now();
          clock.timer(() => end(code, reason), Math.max(0, last - clock.now()) + 1);
        },
        pause() {
          into.paused = true;
        },
        resume() {
          into.paused = false;
          plan(into, 0);
        },
      },
      bind(session) {
        into.session = session;
        plan(into, 0);
      },
    });

    const connection: Open = {
      from,
      to,
      get open() {
        return up;
      },
      cut() {
        counts.cuts++;
        end(1006, 'cut');
      },
      hold(at) {
        (at === to ? there : back).heldBack = true;
      },
      release(at) {
        const lane = at === to ? there : back;
        lane.heldBack = false;
        plan(lane, 0);
      },
      waiting: (a, b) =>
        (a === from && b === to ? there.bytes : 0) + (a === to && b === from ? back.bytes : 0),
      pump() {
        plan(there, 0);
        plan(back, 0);
      },
    };
    open.add(connection);
    return { near: endOf(there, back), far: endOf(back, there), connection };
  }

  const network: Network = {
    ...clock,
    seed,
    counts,
    listen(name, accept) {
      listeners.set(name, accept);
      return () => {
        if (listeners.get(name) === accept) listeners.delete(name);
      };
    },
    dial(from, to, dialled, failed) {
      counts.dials++;
      clock.timer(
        () => {
          const accept = listeners.get(to);
          if (!accept || isBlocked(from, to) || isBlocked(to, from)) {
            note(`${from} ${to} unreachable`);
            failed?.();
            return;
          }
          const twice = twiceOneIn > 0 && clock.draw(twiceOneIn) === 0;
          if (twice) counts.doubles++;
          for (let times = twice ? 2 : 1; times > 0; times--) {
            note(`${from} ${to} connected`);
            const { near, far, connection } = connect(from, to);
            dialled(near, connection);
            accept(far, from);
          }
        },
        draw(...latency),
      );
    },
    connections: () => [...open],
    block: (from, to) => void blocked.add(`${from} ${to}`),
    unblock(from, to) {
      blocked.delete(`${from} ${to}`);
      for (const connection of open) connection.pump();
    },
    partition(names) {
      note(`partition ${names.map((group) => group.join()).join(' | ')}`);
      groups = names.map((group) => new Set(group));
      for (const connection of open) connection.pump();
    },
    heal() {
      note('heal');
      groups = [];
      blocked.clear();
      for (const connection of open) connection.pump();
    },
    bytes: (from, to) => moved.get(`${from} ${to}`) ?? 0,
    waiting(from, to) {
      let bytes = 0;
      for (const connection of open) bytes += connection.waiting(from, to);
      return bytes;
    },
    trace: () => trace.copy().digest('hex'),
  };
  if (!options.quiet) console.info(`network seed ${seed}`);
  return network;
}
