import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAddresses } from '../../../relay/http/address.ts';
import { openBackoff } from '../../../relay/mux/backoff.ts';
import { type DialOptions, type DialStatus, openDialler } from '../../../relay/mux/dial.ts';
import { openMuxListener } from '../../../relay/mux/listen.ts';
import type { Join, Joined } from '../../../relay/mux/transport.ts';
import type { SessionStatus, SessionTransport } from '../../../src/sync/session/types.ts';

/** Timers that run when they are told to. */
function clock() {
  const tasks = new Map<object, { task: () => void; ms: number }>();
  return {
    timer(task: () => void, ms: number) {
      const key = {};
      tasks.set(key, { task, ms });
      return () => void tasks.delete(key);
    },
    get waits() {
      return [...tasks.values()].map(({ ms }) => ms);
    },
    /** Runs everything that waits now. */
    run() {
      for (const [key, { task }] of [...tasks]) {
        tasks.delete(key);
        task();
      }
    },
  };
}

/** A session that only remembers: a counterpart for the socket, proven when the test says so. */
function counterpart() {
  const sessions: (Joined & { transport: SessionTransport; frames: Uint8Array[]; ended: number[] })[] = [];
  const waiting: (() => void)[] = [];
  let proven = false;
  const changed = (): void => {
    for (const look of waiting.splice(0)) look();
  };
  const join: Join = (role, transport) => {
    const frames: Uint8Array[] = [];
    const ended: number[] = [];
    const state = () =>
      proven ? { phase: 'live' as const, publicKey: 'k' } : { phase: 'greeting' as const };
    const session = {
      transport,
      frames,
      ended,
      receive(frame: Uint8Array) {
        frames.push(Uint8Array.from(frame));
        if (role === 'listen') transport.send(frame);
        changed();
      },
      drained: () => undefined,
      closed(code: number) {
        ended.push(code);
        changed();
      },
      close: (code: number, reason: string) => transport.close(code, reason),
      status: () => ({ state: state() }) as unknown as SessionStatus,
    };
    sessions.push(session);
    changed();
    return session;
  };
  return {
    join,
    sessions,
    prove() {
      proven = true;
    },
    until(holds: () => boolean): Promise<void> {
      return new Promise((resolve) => {
        const look = (): void => {
          if (holds()) resolve();
          else waiting.push(look);
        };
        look();
      });
    },
  };
}

async function listening(limits: object = {}, time = clock()) {
  const there = counterpart();
  const listener = openMuxListener({ join: there.join, timer: time.timer, limits });
  const server = createServer();
  const answers: (string | undefined)[] = [];
  const whoAsks = openAddresses({ url: 'https://relay.example' });
  server.on('upgrade', (incoming, raw, head) => {
    whoAsks(incoming);
    const refused = listener.upgrade(incoming, raw, head);
    answers.push(refused?.code);
    const text = JSON.stringify(refused);
    if (refused) raw.end(`HTTP/1.1 503 busy\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    listener.close();
    server.close();
  });
  return {
    there,
    listener,
    time,
    answers,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mux`,
  };
}

const half = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(128);

function dialling(url: string, options: Partial<Pick<DialOptions, 'random' | 'standing' | 'headers'>> = {}) {
  const here = counterpart();
  const time = clock();
  const seen: DialStatus[] = [];
  const waiting: (() => void)[] = [];
  const dialler = openDialler({
    url,
    join: here.join,
    timer: time.timer,
    random: options.random ?? half,
    standing: options.standing,
    headers: options.headers,
    onChange(status) {
      seen.push(status);
      for (const look of waiting.splice(0)) look();
    },
  });
  onTestFinished(() => dialler.close());
  /** Resolves when it enters that state next, or is in it. */
  const enters = (state: DialStatus['state']): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (dialler.status().state === state) resolve();
        else waiting.push(look);
      };
      look();
    });
  return { here, time, seen, dialler, enters };
}

describe('a link', () => {
  it('RLY-14: carries frames both ways, whole and in order', async () => {
    const { there, url } = await listening();
    const { here, enters } = dialling(url);
    await enters('open');
    const sent = [1, 125, 126, 65_535, 65_536, 1_000_000].map((size, at) =>
      new Uint8Array(size).fill(at + 1),
    );
    for (const frame of sent) here.sessions[0]!.transport.send(frame);
    await here.until(() => here.sessions[0]!.frames.length === sent.length);
    const equal = (frames: Uint8Array[]) => frames.every((one, at) => Buffer.from(one).equals(sent[at]!));
    expect(equal(there.sessions[0]!.frames)).toBe(true);
    expect(equal(here.sessions[0]!.frames)).toBe(true);
  });

  it('RLY-14: a paused session reads nothing, and what was sent to it is counted as buffered', async () => {
    const { there, url } = await listening();
    const { here, enters } = dialling(url);
    await enters('open');
    await there.until(() => there.sessions.length === 1);
    const [reader] = there.sessions;
    reader!.transport.pause?.();
    const frame = new Uint8Array(1024 * 1024);
    for (let at = 0; at < 32; at += 1) here.sessions[0]!.transport.send(frame);
    expect(here.sessions[0]!.transport.buffered()).toBeGreaterThan(4 * 1024 * 1024);
    expect(reader!.frames.length).toBe(0);
    reader!.transport.resume?.();
    await there.until(() => reader!.frames.length === 32);
  });

  it('RLY-15: waits longer and longer with full jitter, at most 30 s', () => {
    const most = openBackoff((bytes) => new Uint8Array(bytes).fill(255));
    const waits = Array.from({ length: 10 }, () => Math.round(most.next()));
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    const least = openBackoff((bytes) => new Uint8Array(bytes));
    expect(Array.from({ length: 10 }, () => least.next())).toEqual(new Array(10).fill(0));
    most.reset();
    expect(Math.round(most.next())).toBe(250);
    least.refuse();
    expect(least.next()).toBe(15_000);
  });

  it('RLY-15: dials again and again where nobody listens, with one timer and nothing open', async () => {
    const { dialler, time, enters } = dialling('ws://127.0.0.1:1/mux');
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await enters('waiting');
      expect(dialler.status()).toMatchObject({ state: 'waiting', attempts: attempt });
      expect(time.waits.length).toBe(1);
      expect(time.waits[0]).toBeLessThanOrEqual(30_000);
      time.run();
    }
    await enters('waiting');
    dialler.close();
    expect(time.waits).toEqual([]);
  });

  it('RLY-15: a URL that is none is an attempt that failed', async () => {
    const { dialler, enters } = dialling('http//nowhere');
    await enters('waiting');
    expect(dialler.status().last).toMatch(/url/i);
  });

  it('RLY-15: a refusal is asked again after the longest wait only, other ends after a short one', async () => {
    const { there, url } = await listening();
    const { time, enters, dialler } = dialling(url);
    await enters('open');
    await there.until(() => there.sessions.length === 1);
    there.sessions[0]!.transport.close(4501, 'stopping');
    await enters('waiting');
    expect(time.waits[0]).toBeLessThan(250);
    time.run();
    await enters('open');
    await there.until(() => there.sessions.length === 2);
    there.sessions[1]!.transport.close(4403, 'stranger');
    await enters('waiting');
    expect(time.waits[0]).toBeGreaterThanOrEqual(15_000);
    expect(time.waits[0]).toBeLessThanOrEqual(30_000);
    expect(dialler.status().last).toBe('closed with 4403 (stranger)');
  });

  it('RLY-15: a session that lasted makes the next wait short', async () => {
    const { there, url } = await listening();
    const { here, time, enters, dialler } = dialling(url);
    await enters('open');
    await there.until(() => there.sessions.length === 1);
    there.sessions[0]!.transport.close(4403, 'not yet');
    await enters('waiting');
    time.run();
    await enters('open');
    here.prove();
    time.run();
    expect(dialler.status().attempts).toBe(0);
    await there.until(() => there.sessions.length === 2);
    there.sessions[1]!.transport.close(1001, '');
    await enters('waiting');
    expect(time.waits[0]).toBeLessThan(250);
  });

  it('SYN-29: after 4410 nothing is dialled while the other session stands, and at once when it is over', async () => {
    const { there, url } = await listening();
    const other: { over?: () => void } = {};
    const { here, time, enters, dialler } = dialling(url, {
      standing(over) {
        other.over = over;
        return () => undefined;
      },
    });
    await enters('open');
    await there.until(() => there.sessions.length === 1);
    there.sessions[0]!.transport.close(4410, 'another session stays');
    await enters('parked');
    for (let round = 0; round < 3; round += 1) time.run();
    expect(time.waits).toEqual([]);
    expect(dialler.status()).toMatchObject({ state: 'parked', attempts: 0 });
    expect(there.sessions.length).toBe(1);
    other.over?.();
    await there.until(() => there.sessions.length === 2);
    await enters('open');
    expect(here.sessions.length).toBe(2);
    // One that ends right away is no reason to hurry.
    there.sessions[1]!.transport.close(4410, 'another session stays');
    await enters('parked');
    other.over?.();
    await enters('waiting');
    expect(time.waits[0]).toBeLessThan(250);
  });

  it('SYN-29: 4410 without another session here is an end like others, and no refusal', async () => {
    const { there, url } = await listening();
    const { time, enters } = dialling(url, { standing: () => undefined });
    await enters('open');
    await there.until(() => there.sessions.length === 1);
    there.sessions[0]!.transport.close(4410, 'another session stays');
    await enters('waiting');
    expect(time.waits.length).toBe(1);
    expect(time.waits[0]).toBeLessThan(250);
  });

  it('RLY-14: whoever proves nothing in time is cut off, whoever did is left alone', async () => {
    const { there, listener, time, url } = await listening();
    const stranger = dialling(url);
    await stranger.enters('open');
    await there.until(() => there.sessions.length === 1);
    time.run();
    await stranger.enters('waiting');
    await there.until(() => there.sessions[0]!.ended.length === 1);
    expect(listener.sessions).toBe(0);
    there.prove();
    const peer = dialling(url);
    await peer.enters('open');
    await there.until(() => there.sessions.length === 2);
    time.run();
    expect(listener.sessions).toBe(1);
    expect(there.sessions[1]!.ended).toEqual([]);
  });

  it('RLY-14: of many that prove nothing the oldest makes room for who comes, and those that did stay', async () => {
    const { there, answers, listener, url } = await listening({ sessions: 3, unproven: 2 });
    const oldest = dialling(url);
    await oldest.enters('open');
    for (let at = 0; at < 2; at += 1) await dialling(url).enters('open');
    await oldest.enters('waiting');
    expect(there.sessions.map(({ ended }) => ended.length)).toEqual([1, 0, 0]);
    expect(listener.sessions).toBe(2);
    there.prove();
    await dialling(url).enters('open');
    const last = dialling(url);
    await last.enters('waiting');
    expect(answers).toEqual([undefined, undefined, undefined, undefined, 'busy']);
    expect(listener.sessions).toBe(3);
    // All of them are in use: who is sent away knows that, and not only that nothing answered.
    expect(last.dialler.status()).toMatchObject({ code: 'busy', last: 'Too many sessions are open.' });
  });

  it('RLY-14: an address that opens many without proof takes its own places, and nobody else’s', async () => {
    const { there, listener, url } = await listening({ unproven: 8, unprovenEach: 2 });
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    const other = dialling(url, from('203.0.113.2'));
    await other.enters('open');
    const first = dialling(url, from('203.0.113.1'));
    await first.enters('open');
    for (let at = 0; at < 2; at += 1) await dialling(url, from('203.0.113.1')).enters('open');
    await first.enters('waiting');
    expect(there.sessions.map(({ ended }) => ended.length)).toEqual([0, 1, 0, 0]);
    expect(listener.sessions).toBe(3);
    // Programs of this machine have one address between them.
    for (let at = 0; at < 3; at += 1) await dialling(url).enters('open');
    expect(listener.sessions).toBe(6);
  });
});
