import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../schemas/protocol.ts';
import { proofText } from '../../src/sync/session/handshake.ts';
import { createSession, type Session, type SessionEvent } from '../../src/sync/session.ts';
import { type ControlMessage, encodeControl, encodeDocument } from '../../src/sync/wire.ts';
import { randomFrom, runSeed } from '../support/storage.ts';
import { asTexts, asUpdate, type Hand, hand } from './sync/hand.ts';
import { session as nextId, type Peer, peers } from './sync/support.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session of a replica with one who was admitted. */
async function meet(bo: Peer, eve: Hand, role: 'dial' | 'listen', random: (below: number) => number) {
  const events: SessionEvent[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const own = new Uint8Array(randomBytes(32));
  let first: (event: SessionEvent) => void = () => undefined;
  const begun = new Promise<SessionEvent>((resolve) => {
    first = resolve;
  });
  const made: Session = createSession({
    id: nextId(),
    role,
    source: bo.source,
    // Ten times as fast, so that what waits for its time gets there.
    timer(task, ms) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        task();
      }, ms / 10);
      timers.add(timer);
      return () => clearTimeout(timer);
    },
    now: () => Date.now(),
    random: (bytes) => Uint8Array.from({ length: bytes }, () => random(256)),
    slice: (update) => [update],
    onEvent(event) {
      events.push(event);
      first(event);
    },
    transport: { send: () => undefined, buffered: () => 0, close: (code, why) => made.closed(code, why) },
  });
  const say = (message: ControlMessage): void => made.receive(encodeControl(message));
  const { workspace, publicKey } = eve;
  say({ type: 'hello', versions: [1], workspace, publicKey, random: own, capabilities: [] });
  const text = proofText({
    role: role === 'dial' ? 'listen' : 'dial',
    workspace,
    binding: '',
    theirRandom: made.hello,
    ownRandom: own,
    theirKey: bo.source.publicKey,
    ownKey: publicKey,
  });
  say({ type: 'prove', sig: await eve.sign(text) });
  say({ type: 'root', logs: 'a'.repeat(26), marks: 'a'.repeat(26) });
  expect((await begun).type).toBe('admitted');
  return { session: made, events, timers };
}

/** Well-formed frames of all kinds, about what is there. */
async function framesOf(bo: Peer, eve: Hand, log: string): Promise<Uint8Array[]> {
  const said = await eve.make({
    log,
    type: 'message.create',
    member: eve.member('eve'),
    body: { text: 'x' },
  });
  const keys = (await bo.source.keys(`log/${log}/1`)).map(([key]) => key);
  const digest = keys[0] as string;
  const stateVector = await bo.source.stateVector(`log/${log}/1`);
  const whole = await bo.source.diff(`log/${log}/1`, Uint8Array.of(0));
  return [
    encodeControl({ type: 'logs', after: '', to: '', logs: [...(await bo.source.logs())] }),
    encodeControl({
      type: 'segments',
      log,
      told: 'changed',
      from: 1,
      to: 1,
      segments: [{ n: 1, digest, split: false }],
    }),
    encodeControl({
      type: 'segments',
      log: 'tasks',
      told: 'heard',
      from: 1,
      to: 1,
      segments: [{ n: 1, digest, split: false }],
    }),
    encodeControl({ type: 'root', logs: digest, marks: digest }),
    encodeControl({ type: 'pong', number: 1 }),
    encodeControl({ type: 'stored', count: 0 }),
    encodeControl({ type: 'ping', number: 1 }),
    encodeControl({ type: 'close', alias: 1 }),
    encodeControl({ type: 'name', alias: 2, document: 'log/tasks/1' }),
    encodeDocument(1, { type: 'step1', stateVector: Uint8Array.of(0) }),
    encodeDocument(1, { type: 'step1', stateVector }),
    encodeDocument(1, { type: 'step2', update: whole }),
    encodeDocument(1, { type: 'update', update: asUpdate(said) }),
    encodeDocument(1, { type: 'digest', digest, entries: 3, split: false, ask: true, stored: 0 }),
    encodeDocument(1, { type: 'keys', last: true, keys: keys.map((key) => [key, true] as const) }),
    encodeDocument(1, { type: 'want', keys }),
    encodeDocument(1, { type: 'entries', last: true, entries: asTexts(said) }),
  ];
}

/** Most are well formed: else nothing gets beyond the codec. */
function spoil(frame: Uint8Array, random: (below: number) => number): Uint8Array {
  const kind = random(24);
  if (kind === 0) return Uint8Array.from({ length: 2 + random(60) }, () => random(256));
  const spoiled = frame.slice();
  for (let times = kind < 4 ? 1 + random(3) : 0; times > 0; times--)
    spoiled[random(spoiled.length)] = random(256);
  return spoiled;
}

/** Counts the turns that others have, and the CPU time of the longest, ms, until it is asked. */
function watch(): () => Promise<{ turns: number; longest: number }> {
  const seen = { turns: 0, longest: 0 };
  let watching = true;
  const done = (async () => {
    while (watching) {
      const before = process.cpuUsage();
      await turn();
      const { user, system } = process.cpuUsage(before);
      seen.longest = Math.max(seen.longest, (user + system) / 1000);
      seen.turns++;
    }
  })();
  return async () => {
    watching = false;
    await done;
    return seen;
  };
}

/** Says up to so many frames, fewer when it is shut out, and leaves. Returns how many, and the close code. */
async function storm(
  { session, events, timers }: Awaited<ReturnType<typeof meet>>,
  frames: readonly Uint8Array[],
  random: (below: number) => number,
): Promise<{ said: number; code: number }> {
  let said = 0;
  for (; said < 100 && session.status().state.phase !== 'closed'; said++) {
    session.receive(spoil(frames[random(frames.length)] as Uint8Array, random));
    if (random(3) === 0) await turn();
  }
  for (let i = 0; i < 20; i++) await turn();
  session.close(closeCodes.goingAway, 'the end');
  for (const timer of timers) clearTimeout(timer);
  const end = events.find((event) => event.type === 'closed');
  return { said, code: end?.type === 'closed' ? end.code : 0 };
}

describe('SYN-4 a session after its handshake', () => {
  it('takes or refuses 6,000 random and mutated frames: no exception, and others get their turn', async () => {
    const seed = runSeed();
    console.info(`seed ${seed}`);
    const random = randomFrom(seed);
    const [bo] = await peers(['bo']);
    if (!bo) throw new Error('no peer');
    for (let i = 0; i < 30; i++) await bo.replica.messages.post('general', { text: `m ${i}` });
    const eve = hand(bo.at.root);
    await bo.source.take('log/members/1', asTexts(await eve.admission()), nextId());
    const log = `channel.${(await bo.replica.channels.get('general')).id}`;
    const { length } = await bo.source.keys(`log/${log}/1`);
    const frames = await framesOf(bo, eve, log);
    const name = encodeControl({ type: 'name', alias: 1, document: `log/${log}/1` });

    const seen = watch();
    const codes = new Map<number, number>();
    let taken = 0;
    while (taken < 6000) {
      // A side that listens is asked for more.
      const met = await meet(bo, eve, random(4) === 0 ? 'dial' : 'listen', random);
      met.session.receive(name);
      const { said, code } = await storm(met, frames, random);
      taken += said;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    const { turns, longest } = await seen();
    console.info(
      `${taken} frames, closes ${JSON.stringify([...codes])}, ${turns} turns, ${longest} ms of CPU in one`,
    );
    // What this side cannot make sense of is the peer's fault, and never closes as its own.
    expect(codes.has(closeCodes.failed)).toBe(false);
    expect(turns).toBeGreaterThan(taken / 3);
    await bo.source.idle();
    expect((await bo.source.keys(`log/${log}/1`)).length).toBeGreaterThanOrEqual(length);
  }, 120_000);

  it('SYN-33 lets others have their turn in between, however much it asks', async () => {
    // Each look at the clock is half a millisecond later: no more than 16 of them in a turn.
    let looks = 0;
    const [bo] = await peers(['bo'], () => ({ monotonic: () => looks++ / 2 }));
    if (!bo) throw new Error('no peer');
    const { source } = bo;
    const [members, none] = ['log/members/1', Uint8Array.of(0)];
    for (const ask of [
      () => source.root(),
      () => source.logs(),
      () => source.segments('members'),
      () => source.diff(members, none),
      () => source.keys(members),
      () => source.entries(members, ['a'.repeat(26)]),
    ]) {
      let left = 100;
      const all = Array.from({ length: 100 }, async () => {
        await ask();
        left--;
      });
      let turns = 0;
      for (; left > 0; turns++) await turn();
      await Promise.all(all);
      expect(turns).toBeGreaterThan(20);
    }
  });
});
