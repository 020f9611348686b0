import { describe, expect, it } from 'vitest';
import { sealedFrame } from '../../../schemas/sealed.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { createHeads, type Heads, statedEvery } from '../../../src/seal/link/heads/heads.ts';
import { patience } from '../../../src/seal/link/heads/watch.ts';
import type { AlarmKind } from '../../../src/seal/link/port.ts';
import type { Store } from '../../../src/storage/port.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';
import { equal, meet, type Peer, peers } from '../../replica/sync/support.ts';
import { createClock, type VirtualClock } from '../../simulation/clock.ts';
import { openRig, type Rig } from '../mailbox/support.ts';
import { type Linked, link, type Meddle, shows, textsOf } from './support.ts';
import { ofRecords, once, tampering } from './tamper.ts';

/** Each a record of its own. */
async function posts(peer: Peer, linked: Linked, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await peer.replica.messages.post('general', { text });
    await linked.settled();
  }
}

/** Ana in her mailbox with some records, and Bo, who knows the key and has read none of them. */
async function workplace(rig: Rig = openRig()) {
  const [ana, bo] = (await peers(['ana', 'bo'])) as [Peer, Peer];
  for (const { replica } of [ana, bo]) await replica.messages.post('general', { text: 'hello' });
  await meet(ana, bo);
  const honest = await link(ana, rig);
  await honest.settled();
  await meet(ana, bo);
  await posts(ana, honest, ['a1', 'a2', 'a3', 'a4', 'a5']);
  return { ana, bo, rig, honest };
}

const kindsOf = ({ alarms }: Linked): AlarmKind[] => [...new Set(alarms.map(({ kind }) => kind))];
const alarmed = (linked: Linked, kind: AlarmKind): Promise<void> =>
  linked.until(() => linked.alarms.some((alarm) => alarm.kind === kind));

async function copyOf(store: Store): Promise<Store> {
  const copy = createMemoryStore();
  const rows: [string, Uint8Array][] = [];
  for await (const [key, value] of store.scan({ gte: '', lt: '\uffff' })) rows.push([key, value]);
  await copy.commit(rows);
  return copy;
}

/** What two replicas tell each other past the relay, in time of its own. */
function overheard(
  ana: Peer,
  bo: Peer,
): { clock: VirtualClock; heads: [Heads, Heads]; exchanged(...saying: readonly Heads[]): Promise<void> } {
  const clock = createClock(11);
  const headsOf = ({ source, replica }: Peer): Heads =>
    createHeads({
      workspace: source.workspace,
      signer: { id: replica.id, publicKey: source.publicKey, sign: (bytes) => source.sign(bytes) },
      crypto: nodeCrypto,
      keyOf: (id) => source.roster().inForce.find((one) => one.id === id)?.key,
      isInForce: (id) => source.roster().inForce.some((one) => one.id === id),
      now: clock.now,
      timer: clock.timer,
    });
  const heads: [Heads, Heads] = [headsOf(ana), headsOf(bo)];
  const [one, other] = heads;
  return {
    clock,
    heads,
    /** What these of them have to say is said, and heard by the other. */
    async exchanged(...saying) {
      const said = saying.map(
        (from) =>
          new Promise<void>((resolve) => {
            const stop = from.onNew((_, origin) => {
              if (origin !== undefined) return;
              stop();
              resolve();
            });
          }),
      );
      await clock.run(statedEvery);
      await Promise.all(said);
      for (const from of saying)
        for (const name of from.names()) {
          const statement = from.named(name);
          if (statement) await (from === one ? other : one).take(statement, 1);
        }
    },
  };
}

/** What a relay did to Bo alone is found by him, and Ana has nothing of it. */
async function meddled(meddle: Meddle, kind: AlarmKind): Promise<void> {
  const { ana, bo, rig, honest } = await workplace();
  const tampered = await link(bo, rig, { meddle });
  await alarmed(tampered, kind);
  await tampered.cut();
  expect(kindsOf(tampered)).toContain(kind);
  expect(honest.alarms).toEqual([]);
  expect(tampered.refused).toEqual([]);
  // By any other path they are in step, and nothing of it was taken that is not so.
  await meet(ana, bo);
  await equal(ana, bo);
}

/** A record that a relay changes before Bo reads it, who then writes; how often he appends, and what is not stored. */
async function spoiled(often: 'once' | 'each time'): Promise<void> {
  const { bo, rig, honest } = await workplace();
  let appends = 0;
  const spoil = (often === 'once' ? once : tampering)(
    ofRecords(3, (records) => {
      const one = records[1]!;
      one[one.length - 1] = one[one.length - 1]! ^ 1;
      return records;
    }),
  );
  const tampered = await link(bo, rig, {
    meddle(frame, way) {
      if (way === 'up' && frame[0] === sealedFrame.append) appends++;
      return spoil(frame, way);
    },
  });
  await alarmed(tampered, 'altered');
  await bo.replica.messages.post('general', { text: 'mine' });
  // Read anew it is in step, or left alone.
  const forks = (): number => tampered.alarms.filter(({ kind }) => kind === 'forked').length;
  await tampered.until(({ lag }) => (often === 'once' ? lag === 0 : forks() > 1));
  await bo.replica.messages.post('general', { text: 'mine too' });
  if (often === 'once') await tampered.settled();
  await tampered.cut();
  expect(appends).toBeLessThan(8);
  expect(tampered.session.lag > 0).toBe(often === 'each time');
  expect(honest.alarms).toEqual([]);
}

describe('a relay that is not honest is found out by name', () => {
  it('SLH-4: altered: a record with another byte', () =>
    meddled(
      once(
        ofRecords(3, (records) => {
          const one = records[1]!;
          one[one.length - 1] = one[one.length - 1]! ^ 1;
          return records;
        }),
      ),
      'altered',
    ));

  it('SLH-4: reordered: records in another order than they were appended', () =>
    meddled(
      once(ofRecords(4, ([first, second, third, ...rest]) => [first!, third!, second!, ...rest])),
      'reordered',
    ));

  it('SLH-4: replayed: a record that came before', () =>
    meddled(once(ofRecords(3, (records) => [...records.slice(0, -1), records.at(-2)!])), 'replayed'));

  it('SLH-4: withheld: a record in the middle is left out', () =>
    meddled(once(ofRecords(3, ([first, , ...rest]) => [first!, ...rest, rest.at(-1)!])), 'withheld'));

  it('SLH-4: withheld: the relay lists records and does not send them', () =>
    meddled(
      tampering((message) =>
        message.type === 'records' && message.records.length > 2
          ? [{ ...message, records: message.records.slice(0, 1), last: true }]
          : message.type === 'records' && message.from > 1
            ? [{ ...message, records: [], last: true }]
            : undefined,
      ),
      'withheld',
    ));

  it('SLH-4: rolled back: a copy of the relay’s disk from before', async () => {
    const { ana, rig, honest, bo } = await workplace();
    const before = await copyOf(rig.store);
    await posts(ana, honest, ['b1', 'b2']);
    const places = createMemoryStore();
    const first = await link(bo, rig, { store: places });
    await first.settled();
    await first.cut();
    await honest.cut();
    const older = openRig({ store: before, signer: rig.signer });
    const again = await link(bo, older, { store: places });
    await alarmed(again, 'rolled_back');
    await again.settled();
    // What it forgot is brought to it again.
    const fresh = await link(ana, older);
    await fresh.settled();
    await equal(ana, bo);
    expect(kindsOf(fresh)).toEqual([]);
  });

  it('SLH-4: forked: a relay with another history where it had one', async () => {
    const { ana, rig, honest, bo } = await workplace();
    const other = openRig({ store: await copyOf(rig.store), signer: rig.signer });
    const places = createMemoryStore();
    await posts(ana, honest, ['b1']);
    const first = await link(bo, rig, { store: places });
    await first.settled();
    await first.cut();
    await honest.cut();
    const branch = await link(ana, other);
    await branch.settled();
    await posts(ana, branch, ['c1', 'c2', 'c3']);
    const again = await link(bo, other, { store: places });
    await again.until(() => again.alarms.some(({ kind }) => kind === 'forked' || kind === 'rolled_back'));
    await again.cut();
    expect(await textsOf(bo)).toContain('b1');
  });

  it('SLH-4: replaced: an empty relay with the same key, to which everything is brought again', async () => {
    const { ana, rig, honest, bo } = await workplace();
    const places = createMemoryStore();
    const first = await link(bo, rig, { store: places });
    await first.settled();
    await first.cut();
    await honest.cut();
    const empty = openRig({ signer: rig.signer });
    const maker = await link(ana, empty);
    await maker.settled();
    const again = await link(bo, empty, { store: places });
    await again.settled();
    expect(kindsOf(again)).toEqual(['replaced']);
    await posts(ana, maker, ['after']);
    await shows(bo, 'after');
    await equal(ana, bo);
  });

  it('SLH-4: impostor: a relay with another key than the one that was added', async () => {
    const { bo, rig } = await workplace();
    const linked = await link(bo, openRig(), { relay: rig.signer.publicKey });
    await linked.until(({ state }) => state === 'closed');
    expect(linked.session.trouble?.code).toBe('impostor');
  });

  it('SLH-5: what a relay changed on its way is read anew', () => spoiled('once'));

  it('SLH-5: what a relay changes each time is not built upon again and again', () => spoiled('each time'));

  it('SLH-1, SLH-4: forked: a relay that shows two replicas different histories, who hear of it from each other', async () => {
    const { ana, rig, honest, bo } = await workplace();
    const other = openRig({ store: await copyOf(rig.store), signer: rig.signer });
    const { heads, exchanged } = overheard(ana, bo);
    await honest.cut();
    const [first, second] = [
      await link(ana, rig, { heads: heads[0] }),
      await link(bo, other, { heads: heads[1] }),
    ];
    await Promise.all([first.settled(), second.settled()]);
    await posts(ana, first, ['b1']);
    await posts(bo, second, ['c1']);
    expect([...first.alarms, ...second.alarms]).toEqual([]);
    await exchanged(...heads);
    await Promise.all([alarmed(first, 'forked'), alarmed(second, 'forked')]);
    await meet(ana, bo);
    await equal(ana, bo);
  });

  it('SLH-2, SLH-4: withheld: a relay that tells one replica nothing more, who hears of it from another', async () => {
    const { ana, rig, honest, bo } = await workplace();
    const { clock, heads, exchanged } = overheard(ana, bo);
    await honest.cut();
    let silent = false;
    const first = await link(ana, rig, { heads: heads[0] });
    const second = await link(bo, rig, {
      heads: heads[1],
      meddle: tampering((message) => (silent && message.type === 'entry' ? [] : undefined)),
    });
    await Promise.all([first.settled(), second.settled()]);
    await exchanged(...heads);
    await clock.run(2 * patience);
    expect([...first.alarms, ...second.alarms]).toEqual([]);
    silent = true;
    await posts(ana, first, ['b1']);
    await exchanged(heads[0]);
    await clock.run(patience);
    await alarmed(second, 'withheld');
    expect(first.alarms).toEqual([]);
  });
});
