import { describe, expect, it } from 'vitest';
import { isNear } from '../../../relay/lan/addresses.ts';
import { announcementOf, readAnnouncement } from '../../../relay/lan/announcement.ts';
import type { Announced, EngineEvents, OpenEngine } from '../../../relay/lan/engine.ts';
import { openFinding } from '../../../relay/lan/finding.ts';
import { someKeys } from './support.ts';

/** Different bytes at each call, the same at each run. */
function counting() {
  let n = 0;
  return (bytes: number) => new Uint8Array(bytes).fill(++n);
}

/** A replica on a local network that the test plays: its clock, its relays, who announces what. */
function openPlayed(port = 4_000) {
  const keys = someKeys();
  let time = 1_000_000;
  let relays: 'none' | 'away' | 'linked' = 'none';
  let addresses = ['192.168.1.2'];
  let task: (() => void) | undefined;
  const engines: { on: readonly string[]; announced: Announced[]; asked: number; closed: boolean }[] = [];
  const heard: { hear: EngineEvents['heard'] } = { hear: () => undefined };
  const dials: { host: string; port: number; linked: boolean; closed: boolean }[] = [];
  const troubles: unknown[] = [];
  const openEngine: OpenEngine = (on, events) => {
    const engine = { on, announced: [] as Announced[], asked: 0, closed: false };
    engines.push(engine);
    heard.hear = events.heard;
    return {
      announce: (what) => void engine.announced.push(what),
      ask: () => void engine.asked++,
      close: async () => {
        engine.closed = true;
      },
    };
  };
  const finding = openFinding({
    keys,
    openEngine,
    port,
    addresses: () => addresses,
    near: isNear,
    dial(place) {
      const one = { ...place, linked: false, closed: false };
      dials.push(one);
      return {
        get linked() {
          return one.linked;
        },
        close() {
          one.closed = true;
        },
      };
    },
    relays: () => relays,
    now: () => time,
    timer(next) {
      task = next;
      return () => {
        task = undefined;
      };
    },
    random: counting(),
    trouble: (error) => troubles.push(error),
  });
  return {
    keys,
    finding,
    engines,
    dials,
    troubles,
    open: () => dials.filter(({ closed }) => !closed),
    /** Somebody of the workspace announces where it listens. */
    peer: (host: string, at = 5_000, from = host) =>
      heard.hear({ ...announcementOf(keys, { port: at, addresses: [host] }, counting()) }, from),
    hear: (text: Record<string, unknown>, from = '') => heard.hear(text, from),
    relay(next: typeof relays) {
      relays = next;
    },
    move(next: string[]) {
      addresses = next;
    },
    /** Lets so much time pass; it looks each two seconds. */
    wait(ms: number) {
      const end = time + ms;
      while (time < end) {
        time = Math.min(end, time + 2_000);
        task?.();
      }
    },
  };
}

describe('an announcement', () => {
  const keys = someKeys();
  const where = { port: 4_270, addresses: ['192.168.1.5', '10.0.0.7'] };

  it('MCH-21: is known to who has the workspace, and leads to its addresses', () => {
    const made = announcementOf(keys, where, counting());
    expect(readAnnouncement(keys, { ...made })).toEqual([
      { host: '192.168.1.5', port: 4_270 },
      { host: '10.0.0.7', port: 4_270 },
    ]);
    expect(readAnnouncement(someKeys(), { ...made })).toBeUndefined();
  });

  it('MCH-21: of one workspace, two have nothing in common but addresses', () => {
    const random = counting();
    const [one, other] = [announcementOf(keys, where, random), announcementOf(keys, where, random)];
    expect(one.n).not.toBe(other.n);
    expect(one.t).not.toBe(other.t);
    expect(Object.keys(one).sort()).toEqual(['a', 'n', 't']);
  });

  it('MCH-21: one that was changed, or is none, leads nowhere', () => {
    const made = announcementOf(keys, where, counting());
    const other = announcementOf(someKeys(), { port: 1, addresses: ['10.6.6.6'] }, counting());
    const signed = (a: string) => announcementOf(keys, { port: 1, addresses: [a] }, counting());
    for (const text of [
      { ...made, a: other.a },
      { ...made, n: Buffer.alloc(16).toString('base64url') },
      { ...made, t: other.t },
      { ...made, t: `${made.t}A` },
      { ...made, t: '' },
      { n: made.n, t: made.t },
      { ...made, n: 7 },
      { ...made, a: Buffer.from(made.a) },
      {},
      // By one who has the key.
      signed('somewhere.example'),
      signed('10.0.0.1:9'),
      signed(''),
      signed('fe80::1'),
      announcementOf(keys, { port: 0, addresses: ['10.0.0.1'] }, counting()),
      announcementOf(keys, { port: 65_536, addresses: ['10.0.0.1'] }, counting()),
    ])
      expect(readAnnouncement(keys, { ...text }), JSON.stringify(text)).toBeUndefined();
  });
});

describe('the local network', () => {
  it('MCH-21: a replica announces itself without a name, and asks who is there', () => {
    const { engines } = openPlayed(4_321);
    expect(engines).toHaveLength(1);
    expect(engines[0]).toMatchObject({ on: ['192.168.1.2'], asked: 1 });
    const [what] = engines[0]!.announced;
    expect(what).toMatchObject({ port: 4_321, text: { a: '192.168.1.2:4321' } });
    expect(what!.name).toMatch(/^[0-9a-f]{32}$/);
  });

  it('MCH-21: it announces itself anew every ten minutes, under another name', () => {
    const { engines, wait } = openPlayed();
    wait(35 * 60_000);
    const { announced } = engines[0]!;
    expect(announced).toHaveLength(4);
    expect(new Set(announced.map(({ name }) => name)).size).toBe(4);
    expect(new Set(announced.map(({ text }) => text['n'])).size).toBe(4);
    expect(new Set(announced.map(({ text }) => text['t'])).size).toBe(4);
  });

  it('MCH-22: whoever is of the workspace is dialled once, however often it is heard', () => {
    const { peer, dials } = openPlayed();
    for (let i = 0; i < 20; i++) peer('192.168.1.9');
    expect(dials).toMatchObject([{ host: '192.168.1.9', port: 5_000 }]);
  });

  it('MCH-22: of several addresses the one is dialled that the announcement came from', () => {
    const { keys, hear, dials } = openPlayed();
    const text = announcementOf(keys, { port: 7, addresses: ['172.17.0.1', '192.168.1.9'] }, counting());
    hear({ ...text }, '192.168.1.9');
    expect(dials).toMatchObject([{ host: '192.168.1.9' }]);
  });

  it('MCH-22: nobody of another workspace is dialled, nor oneself, nor who is not of a local network', () => {
    const { keys, hear, peer, dials } = openPlayed(4_000);
    hear({ ...announcementOf(someKeys(), { port: 9, addresses: ['192.168.1.9'] }, counting()) });
    peer('192.168.1.2', 4_000);
    hear({ ...announcementOf(keys, { port: 4_000, addresses: ['10.9.9.9', '192.168.1.2'] }, counting()) });
    for (const far of ['8.8.8.8', '127.0.0.1', '100.64.0.1', '0.0.0.0', '224.0.0.251']) peer(far);
    expect(dials).toEqual([]);
    peer('192.168.1.2', 4_001);
    expect(dials).toHaveLength(1);
  });

  it('MCH-22: nobody is dialled while a relay is linked; when it is away for seconds they are; when it is back they are let go', () => {
    const { relay, peer, open, wait } = openPlayed();
    relay('linked');
    wait(2_000);
    peer('192.168.1.9');
    expect(open()).toEqual([]);
    relay('away');
    wait(2_000);
    expect(open()).toEqual([]);
    wait(4_000);
    expect(open()).toHaveLength(1);
    open()[0]!.linked = true;
    relay('linked');
    wait(2_000);
    expect(open()).toEqual([]);
    // A relay that comes and goes again.
    relay('away');
    wait(6_000);
    expect(open()).toHaveLength(1);
  });

  it('MCH-22: who was not heard of for minutes is dialled no more, but a link that stands is kept', () => {
    const { peer, open, wait } = openPlayed();
    peer('192.168.1.8');
    peer('192.168.1.9');
    open()[1]!.linked = true;
    wait(4 * 60_000);
    expect(open()).toMatchObject([{ host: '192.168.1.9' }]);
  });

  it('MCH-22: a machine that changes its network announces itself and asks there', () => {
    const { engines, move, wait } = openPlayed();
    move([]);
    wait(2_000);
    expect(engines[0]!.closed).toBe(true);
    move(['10.0.0.4']);
    wait(2_000);
    expect(engines).toHaveLength(2);
    expect(engines[1]).toMatchObject({ on: ['10.0.0.4'], asked: 1, closed: false });
    expect(engines[1]!.announced[0]!.text['a']).toBe('10.0.0.4:4000');
  });

  it('MCH-22: closing takes everything back', async () => {
    const { finding, peer, engines, open } = openPlayed();
    peer('192.168.1.9');
    await finding.close();
    expect(open()).toEqual([]);
    expect(engines[0]!.closed).toBe(true);
    peer('192.168.1.8');
    expect(open()).toEqual([]);
  });

  it('MCH-22: what fails is told and tried again', () => {
    const { move, wait, engines, troubles } = openPlayed();
    const broken = new Error('no such network');
    move(
      new Proxy([], {
        get() {
          throw broken;
        },
      }),
    );
    wait(2_000);
    expect(troubles).toEqual([broken]);
    move(['10.0.0.4']);
    wait(2_000);
    expect(engines.at(-1)).toMatchObject({ on: ['10.0.0.4'] });
  });
});

describe('a flood of announcements', () => {
  it('MCH-23: by a stranger leads to nothing', () => {
    const { hear, dials } = openPlayed();
    const strange = someKeys();
    for (let i = 0; i < 5_000; i++) {
      const addresses = [`10.1.${i >> 8}.${i & 255}`];
      hear({ ...announcementOf(strange, { port: 80, addresses }, counting()) });
    }
    expect(dials).toEqual([]);
  });

  it('MCH-23: by one who has the key is dialled eight at a time, and not much more often than that', () => {
    const { peer, dials, open, wait } = openPlayed();
    for (let i = 0; i < 5_000; i++) peer(`10.1.${i >> 8}.${i & 255}`);
    expect(dials).toHaveLength(8);
    for (let minute = 0; minute < 10; minute++) {
      wait(60_000);
      for (let i = 0; i < 500; i++) peer(`10.1.${i >> 8}.${i & 255}`);
      expect(open().length).toBeLessThanOrEqual(8);
    }
    // A place is given to another after half a minute.
    expect(dials.length).toBeLessThanOrEqual(8 + 8 * 20);
  });

  it('MCH-23: does not shut out for good who is honest, nor end a link that stands', () => {
    const { peer, dials, open, wait } = openPlayed();
    peer('192.168.1.9');
    dials[0]!.linked = true;
    for (let i = 0; i < 30; i++) peer(`10.1.0.${i}`);
    peer('192.168.1.8');
    const all = () => dials.map(({ host }) => host);
    expect(all()).not.toContain('192.168.1.8');
    for (let turn = 0; turn < 6; turn++) {
      wait(30_000);
      for (let i = 0; i < 30; i++) peer(`10.1.0.${i}`);
      peer('192.168.1.8');
    }
    expect(all()).toContain('192.168.1.8');
    expect(open().some(({ host }) => host === '192.168.1.9')).toBe(true);
    expect(dials.filter(({ host }) => host === '192.168.1.9')).toHaveLength(1);
  });
});
