import type { Timer } from '../../src/sync/session/types.ts';
import { announcementOf, type Place, readAnnouncement } from './announcement.ts';
import type { Announced, Engine, OpenEngine } from './engine.ts';
import type { LanKeys } from './keys.ts';

/** How a link stands that is dialled here. */
export interface LanLink {
  readonly linked: boolean;
  close(): void;
}

export interface FindingOptions {
  readonly keys: LanKeys;
  readonly openEngine: OpenEngine;
  /** Where this replica listens for others of the local network. */
  readonly port: number;
  /** This machine's addresses on local networks, as they are now. */
  readonly addresses: () => readonly string[];
  /** Whether an address is one of a local network. */
  readonly near: (address: string) => boolean;
  /** Keeps a link up until it is closed. */
  readonly dial: (place: Place) => LanLink;
  /** Relays and other nodes that this replica was given: whether it has one, and whether one is linked. */
  readonly relays: () => 'none' | 'away' | 'linked';
  readonly now: () => number;
  readonly timer: Timer;
  readonly random: (bytes: number) => Uint8Array;
  readonly trouble: (error: unknown) => void;
}

/** Finds replicas of its workspace on the local network, is found by them, and links with them while no relay does. */
export interface Finding {
  /** Looks around now: what else it does now and then. */
  look(): void;
  close(): Promise<void>;
}

/** It looks so often whether anything is to be done, ms. */
const lookEach = 2_000;
/** A relay that is not linked may be just starting to be, ms. */
const patience = 3_000;
/** Who is there is asked so often, ms: sooner while nobody is linked. */
const askEach = { alone: 15_000, linked: 60_000 };
/** An announcement is not known again after so long, ms. */
const rotateEach = 10 * 60_000;
/** Whoever was not heard of for so long is dialled no more, ms: three questions were not answered. */
const forgotten = 3 * 60_000 + 30_000;
/** Whoever is dialled in vain for so long gives way to others who wait, ms. */
const turn = 30_000;

/** Replicas that are remembered, and dialled at a time. */
const mostKnown = 64;
const mostDialled = 8;

interface Known {
  readonly place: Place;
  heard: number;
  link: LanLink | undefined;
  /** When it was begun to be dialled last. */
  dialled: number;
}

const keyOf = ({ host, port }: Place): string => `${host}:${port}`;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function openFinding(options: FindingOptions): Finding {
  const { keys, port, near, dial, relays, now, random, trouble } = options;
  const known = new Map<string, Known>();
  let engine: Engine | undefined;
  /** Old engines say goodbye. */
  let leaving: Promise<unknown> = Promise.resolve();
  let addresses: readonly string[] = [];
  let announced = 0;
  let asked = 0;
  let unreached: number | undefined;
  let closed = false;
  let cancel = (): void => undefined;

  /** The best of its places: where the packet came from if it says so, else the first. */
  function choose(places: readonly Place[], from: string): Place | undefined {
    const fit = places.filter((one) => near(one.host));
    if (fit.some((one) => one.port === port && addresses.includes(one.host))) return undefined;
    return fit.find(({ host }) => host === from) ?? fit[0];
  }

  function heard(text: Readonly<Record<string, unknown>>, from: string): void {
    const places = closed ? undefined : readAnnouncement(keys, text);
    const place = places && choose(places, from);
    if (!place) return;
    const before = known.get(keyOf(place));
    if (before) before.heard = now();
    else if (known.size < mostKnown || forgetOne())
      known.set(keyOf(place), { place, heard: now(), link: undefined, dialled: 0 });
    else return;
    dialSome();
  }

  /** A place for one more: that of whoever was dialled in vain the longest ago. False when each still waits for its turn. */
  function forgetOne(): boolean {
    const idle = [...known.values()].filter(({ link, dialled }) => link === undefined && dialled > 0);
    const [oldest] = idle.sort((a, b) => a.dialled - b.dialled);
    if (oldest) letGo(oldest, true);
    return oldest !== undefined;
  }

  function letGo(one: Known, forget = false): void {
    one.link?.close();
    one.link = undefined;
    if (forget) known.delete(keyOf(one.place));
  }

  /** True where links of the local network are wanted: nothing else brings what others write. */
  function wanted(): boolean {
    const state = relays();
    if (state === 'linked') unreached = undefined;
    else unreached ??= now();
    return state === 'none' || (unreached !== undefined && now() - unreached >= patience);
  }

  function dialSome(): void {
    if (!wanted()) return;
    const all = [...known.values()];
    const waiting = all.filter(({ link }) => link === undefined).sort((a, b) => a.dialled - b.dialled);
    for (const next of waiting) {
      const dialled = all.filter(({ link }) => link !== undefined);
      if (dialled.length >= mostDialled) {
        const vain = dialled.find(({ link, dialled: at }) => !link?.linked && now() - at >= turn);
        if (!vain) return;
        letGo(vain);
      }
      next.dialled = now();
      next.link = dial(next.place);
    }
  }

  function announce(): void {
    announced = now();
    const text = announcementOf(keys, { port, addresses }, random);
    const what: Announced = { name: hex(random(16)), port, text: { ...text } };
    engine?.announce(what);
  }

  /** The machine has moved to another network, or is on one at last. */
  function move(next: readonly string[]): void {
    addresses = next;
    const old = engine;
    engine = undefined;
    if (old) leaving = Promise.all([leaving, old.close().catch(trouble)]);
    if (next.length === 0) return;
    engine = options.openEngine(next, { heard, trouble });
    announce();
    ask();
  }

  function ask(): void {
    asked = now();
    engine?.ask();
  }

  function tidy(): void {
    const stay = wanted();
    for (const one of [...known.values()]) {
      if (!stay && relays() === 'linked') letGo(one);
      if (one.link?.linked !== true && now() - one.heard >= forgotten) letGo(one, true);
    }
  }

  function look(): void {
    if (closed) return;
    try {
      const next = options.addresses();
      if (next.join() !== addresses.join()) move(next);
      else if (engine && now() - announced >= rotateEach) announce();
      const alone = ![...known.values()].some(({ link }) => link?.linked === true);
      if (now() - asked >= (alone ? askEach.alone : askEach.linked)) ask();
      tidy();
      dialSome();
    } catch (error) {
      trouble(error);
    }
    cancel();
    cancel = options.timer(look, lookEach);
  }

  look();

  return {
    look,
    async close() {
      if (closed) return;
      closed = true;
      cancel();
      for (const one of [...known.values()]) letGo(one, true);
      const old = engine;
      engine = undefined;
      await Promise.all([leaving, old?.close().catch(trouble)]);
    },
  };
}
