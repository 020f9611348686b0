import { describe, expect, it } from 'vitest';
import { healthy } from './support/open.ts';
import { asTexts, asUpdate, type Hand, type Made } from './sync/hand.ts';
import { equal, meet, type Peer, pull, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

const far = 10_000_000;

interface Three {
  readonly ana: Peer;
  readonly bo: Peer;
  readonly eve: Hand;
  readonly log: string;
  /** The admission of eve, and the member that it speaks for. */
  readonly admission: readonly Made[];
}

async function three(): Promise<Three> {
  const { ana, bo, channel: log } = await inStep();
  const { eve, admission, member } = await newcomer(ana);
  return { ana, bo, eve, log, admission: [admission, member] };
}

async function say(eve: Hand, log: string, count: number): Promise<Made[]> {
  const said: Made[] = [];
  for (let i = 0; i < count; i++)
    said.push(
      await eve.make({ log, type: 'message.create', member: eve.member('eve'), body: { text: `x${i}` } }),
    );
  return said;
}

const numbers = async ({ source }: Peer, log: string): Promise<number[]> =>
  (await source.segments(log)).map(({ n }) => n);

describe('REP-35 a segment number that nobody believes', () => {
  for (const isKnown of [true, false])
    it(`moves nothing, of a replica that is ${isKnown ? '' : 'not '}known, and is passed on`, async () => {
      const { ana, bo, eve, log, admission } = await three();
      if (isKnown)
        for (const { source } of [ana, bo])
          await source.take('log/members/1', asTexts(...admission), session());
      const junk = asUpdate(...(await say(eve, log, 1000)));
      expect(await ana.source.receive(`log/${log}/${far}`, junk, session())).toMatchObject({ ok: true });
      const { id } = await ana.replica.messages.post('general', { text: 'here still' });
      expect(await numbers(ana, log)).toEqual([1, far]);
      expect(ana.source.isHot(`log/${log}/1`)).toBe(true);
      await meet(ana, bo);
      expect((await bo.replica.messages.get(id)).text).toBe('here still');
      await equal(ana, bo);
      await ana.reopen();
      await ana.replica.messages.post('general', { text: 'and after it was opened again' });
      expect(await numbers(ana, log)).toEqual([1, far]);
      await healthy(ana.replica);
    });

  it('hinders no revocation', async () => {
    const { ana, bo, eve, admission } = await three();
    for (const { source } of [ana, bo]) await source.take('log/members/1', asTexts(...admission), session());
    const junk: Made[] = [];
    for (let i = 0; i < 1000; i++)
      junk.push(await eve.make({ log: 'members', type: 'nothing.known', data: { i } }));
    for (const { source } of [ana, bo])
      await source.receive(`log/members/${far}`, asUpdate(...junk), session());
    await ana.replica.replicas.revoke(eve.id, {});
    await pull(ana, bo);
    const there = (await bo.replica.replicas.list()).items.find(({ id }) => id === eve.id);
    expect(there?.revoked).not.toBe(null);
  });

  it('is not moved to by entries that are none', async () => {
    const { ana, log } = await three();
    for (const n of [2, far])
      expect(await ana.source.take(`log/${log}/${n}`, [], session())).toMatchObject({ ok: true });
    await ana.replica.messages.post('general', { text: 'here' });
    expect(await numbers(ana, log)).toEqual([1]);
  });
});

describe('REP-35 a segment number that can be believed', () => {
  it('is followed a little way, and as far as a log has operations', async () => {
    const { ana, eve, log, admission } = await three();
    await ana.source.take('log/members/1', asTexts(...admission), session());
    const said = await say(eve, log, 60);
    await ana.source.take(`log/${log}/9`, asTexts(...said.slice(0, 1)), session());
    expect(ana.source.isHot(`log/${log}/9`)).toBe(true);
    await ana.source.take(`log/${log}/40`, asTexts(...said.slice(1, 2)), session());
    expect(ana.source.isHot(`log/${log}/9`)).toBe(true);
    await ana.source.take(`log/${log}/3`, asTexts(...said), session());
    await ana.source.take(`log/${log}/41`, asTexts(...said.slice(2, 3)), session());
    expect(ana.source.isHot(`log/${log}/41`)).toBe(true);
    await ana.replica.messages.post('general', { text: 'there' });
    expect(await numbers(ana, log)).toEqual([1, 3, 9, 40, 41]);
    await healthy(ana.replica);
  });

  it('is any of a marks log, of a replica that speaks for its member, and the last one is never left', async () => {
    const { ana, bo, eve, admission } = await three();
    const log = `marks.${ana.replica.member.id}`;
    const machine = (await ana.replica.replicas.list()).items[0]?.machine;
    const hosts = await eve.make({
      log: 'members',
      type: 'member.create',
      after: admission.map(({ hash }) => hash),
      data: { handle: 'ana', kind: 'agent', machine },
    });
    for (const { source } of [ana, bo])
      await source.take('log/members/1', asTexts(...admission, hosts), session());
    const { id: member } = ana.replica.member;
    const data = { whole: true, segment: far, vector: {} };
    const mark = await eve.make({ log, type: 'mark.set', subject: member, member, data });
    const junk = [mark, ...(await say(eve, log, 1000))];
    expect(await ana.source.receive(`log/${log}/${far}`, asUpdate(...junk), session())).toMatchObject({
      ok: true,
    });
    const { id } = await bo.replica.messages.post('general', { text: 'read this' });
    await meet(ana, bo);
    await ana.replica.acknowledge({ operations: [id] });
    await ana.reopen();
    expect(await numbers(ana, log)).toEqual([far]);
    expect((await ana.source.digest(`log/${log}/${far}`)).entries).toBeGreaterThan(1000);
    await meet(ana, bo);
    await healthy(ana.replica);
  });

  it('is written to where strangers began the segment that a log rolls to', async () => {
    const { ana, bo, eve, log } = await three();
    const said = await say(eve, log, 3);
    expect(await ana.source.take(`log/${log}/2`, asTexts(...said), session())).toMatchObject({ ok: true });
    await Promise.all(
      Array.from({ length: 1010 }, (_, i) => ana.replica.messages.post('general', { text: `a${i}` })),
    );
    expect(await numbers(ana, log)).toEqual([1, 2]);
    const standing = new Map(await ana.source.keys(`log/${log}/2`));
    for (const { key } of said) expect(standing.has(key)).toBe(true);
    expect(standing.size).toBeGreaterThan(3);
    await meet(ana, bo);
    await equal(ana, bo);
    await ana.reopen();
    await healthy(ana.replica);
    await equal(ana, bo);
  });
});
