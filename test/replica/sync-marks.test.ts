import { describe, expect, it } from 'vitest';
import { clock } from './support/clock.ts';
import { healthy } from './support/open.ts';
import { asTexts, asUpdate, type Hand, type Made } from './sync/hand.ts';
import { documentsOf, meet, type Peer, peers, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

const far = 9_999_999;
const minute = 60_000;

const numbers = async ({ source }: Peer, log: string): Promise<number[]> =>
  (await source.segments(log)).map(({ n }) => n);

/** A mark that covers everything of a replica in the log of general. */
const mark = (
  by: Hand,
  member: string,
  segment: number,
  vector: Record<string, Record<string, number>> = {},
) =>
  by.make({
    log: `marks.${member}`,
    type: 'mark.set',
    subject: member,
    member,
    data: { whole: true, segment, vector },
  });

/** Entries of a document as they stand there. */
async function standing({ source }: Peer, document: string): Promise<readonly (readonly [string, string])[]> {
  return source.entries(
    document,
    (await source.keys(document)).map(([key]) => key),
  );
}

describe('FOLD-52, REP-35 the marks log of a member', () => {
  for (const known of ['a replica that is known', 'a stranger'])
    it(`is moved by no key of ${known} that does not speak for the member`, async () => {
      const { ana, bo, channel } = await inStep();
      const { eve, admission, member } = await newcomer(ana);
      if (known !== 'a stranger')
        for (const { source } of [ana, bo])
          await source.take('log/members/1', asTexts(admission, member), session());
      const log = `marks.${ana.replica.member.id}`;
      await ana.replica.acknowledge({ receipt: (await ana.replica.catchUp({})).receipt });
      await ana.reopen();
      await meet(ana, bo);
      const { id } = await bo.replica.messages.post('general', { text: 'not read yet' });
      await meet(ana, bo);
      const { pending } = await ana.replica.catchUp({});
      expect(pending).toBeGreaterThan(0);
      const junk = [
        await mark(eve, ana.replica.member.id, far, { [channel]: { [bo.replica.id]: 1000 } }),
        await eve.make({ log, type: 'join', subject: ana.replica.member.id }),
        await eve.make({ log, type: 'nothing.known', member: eve.member('eve') }),
      ];
      for (const { source } of [ana, bo])
        expect(await source.receive(`log/${log}/${far}`, asUpdate(...junk), session())).toMatchObject({
          ok: true,
        });
      for (const one of [ana, bo]) {
        expect(await numbers(one, log)).toEqual([1]);
        expect(one.source.isHot(`log/${log}/1`)).toBe(true);
      }
      expect((await ana.replica.catchUp({})).pending).toBe(pending);
      await ana.replica.acknowledge({ operations: [id] });
      await ana.reopen();
      expect(await documentsOf(ana)).not.toContain(`log/${log}/${far}`);
      await meet(ana, bo);
      expect(await ana.source.root()).toEqual(await bo.source.root());
      await healthy(ana.replica);
    });

  it('is moved by no copy of what its member wrote', async () => {
    const { ana, bo } = await inStep();
    const log = `marks.${ana.replica.member.id}`;
    const copies = await standing(ana, `log/${log}/1`);
    expect(copies.length).toBeGreaterThan(0);
    expect(await bo.source.take(`log/${log}/${far}`, copies, session())).toMatchObject({ ok: true });
    expect(await numbers(bo, log)).toEqual([1]);
    await meet(ana, bo);
    expect(await bo.source.root()).toEqual(await ana.source.root());
  });

  it('is moved by its member as soon as that is known, and by what was cut no more', async () => {
    const { ana, bo } = await inStep();
    const { eve, admission, member } = await newcomer(ana);
    const log = `marks.${eve.member('eve')}`;
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    const [one, two] = [await mark(eve, eve.member('eve'), 1), await mark(eve, eve.member('eve'), 7)];
    for (const { source } of [ana, bo]) {
      await source.take(`log/${log}/1`, asTexts(one), session());
      await source.root();
      await source.take(`log/${log}/7`, asTexts(two), session());
    }
    expect(await numbers(ana, log)).toEqual([7]);
    expect(await numbers(bo, log)).toEqual([1]);
    const before = await bo.source.root();
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    await bo.source.idle();
    expect(await numbers(bo, log)).toEqual([7]);
    expect((await bo.source.root()).marks).not.toBe(before.marks);
    await meet(ana, bo);
    expect(await bo.source.root()).toEqual(await ana.source.root());
    await ana.replica.replicas.revoke(eve.id, {});
    await meet(ana, bo);
    for (const peer of [ana, bo]) {
      await peer.source.idle();
      await peer.reopen();
    }
    expect(await bo.source.root()).toEqual(await ana.source.root());
    expect(await numbers(bo, log)).toEqual(await numbers(ana, log));
  });

  it('is written anew in each segment to which it rolls, wherever others are', async () => {
    const { ana, bo } = await inStep();
    const { eve, admission, member } = await newcomer(ana);
    for (const { source } of [ana, bo])
      await source.take('log/members/1', asTexts(admission, member), session());
    const log = `marks.${eve.member('eve')}`;
    // Each side knows of a newer segment than the first, and of another one.
    const made: Made[] = [];
    for (const n of [1, 3, 5]) made.push(await mark(eve, eve.member('eve'), n));
    const at = (peer: Peer, n: number, one: Made | undefined) =>
      one && peer.source.take(`log/${log}/${n}`, asTexts(one), session());
    await at(ana, 1, made[0]);
    await at(ana, 3, made[1]);
    await at(bo, 5, made[2]);
    await meet(ana, bo);
    for (const peer of [ana, bo]) expect(await numbers(peer, log)).toEqual([5]);
    expect(await bo.source.root()).toEqual(await ana.source.root());
  });
});

describe('a member that never wrote', () => {
  for (const again of [false, true])
    it(`INB-12: is heard of elsewhere by what it acknowledged before${again ? ', also after a restart' : ''}`, async () => {
      const time = clock();
      const [ana, bo] = (await peers(['ana', 'bo'], () => time)) as [Peer, Peer];
      const { id } = await ana.replica.messages.post('general', { text: 'hello' });
      const eli = () => ana.replica.as('eli');
      const marksOf = async (peer: Peer) => peer.source.segments(`marks.${eli().member.id}`);
      expect((await eli().acknowledge({ operations: [id] })).pending).toBe(0);
      time.advance(minute);
      expect(await marksOf(ana)).toEqual([]);
      if (again) await ana.reopen();
      await eli().messages.post('general', { text: 'I am here' });
      const events = ana.replica.events({ types: 'mark.set' })[Symbol.asyncIterator]();
      time.advance(minute);
      const { value } = await events.next();
      expect(value).toMatchObject({ type: 'mark.set', subject: eli().member.id });
      await events.return?.();
      await meet(ana, bo);
      expect((await bo.replica.as('eli').catchUp({})).items).toEqual([]);
    });
});
