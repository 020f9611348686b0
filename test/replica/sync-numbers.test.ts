import { describe, expect, it } from 'vitest';
import { asTexts } from './sync/hand.ts';
import type { Peer } from './sync/support.ts';
import { meet, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

/** Someone whose messages are numbered as it likes. */
async function numbered(...seqs: readonly number[]) {
  const { ana, bo, channel, document } = await inStep();
  const { eve, admission, member } = await newcomer(ana);
  await ana.source.take('log/members/1', asTexts(admission, member), session());
  const by = { log: channel, type: 'message.create', member: eve.member('eve') };
  const first = await eve.make({ ...by, body: { text: 'eve 1' } });
  const said = [first];
  for (const seq of seqs)
    said.push(await eve.make({ ...by, seq, prev: first.hash, body: { text: `eve ${seq}` } }));
  await ana.source.take(document, asTexts(...said), session());
  await meet(ana, bo);
  return { ana, bo };
}

const pending = async ({ replica }: Peer): Promise<number> => {
  const { items } = await replica.catchUp();
  return items.length;
};

describe('OP-20: whatever number an operation says', () => {
  it('what is beside it in its chain is read as soon', async () => {
    const { ana, bo } = await numbered(Number.MAX_SAFE_INTEGER, 1e12, 3e11, 7);
    for (const one of [ana, bo]) {
      const texts = (await one.replica.messages.list('general')).items.map(({ text }) => text);
      expect(texts.filter((text) => text?.startsWith('eve'))).toHaveLength(5);
      expect(await pending(one)).toBeGreaterThan(4);
      const { receipt } = await one.replica.catchUp();
      await one.replica.acknowledge({ receipt });
      expect(await pending(one)).toBe(0);
    }
    await meet(ana, bo);
  });

  it('the doctor looks at what is here, and calls it no damage', async () => {
    const { bo } = await numbered(Number.MAX_SAFE_INTEGER, 1e12);
    const { findings } = await bo.replica.doctor();
    expect(findings.filter(({ state }) => state === 'damaged')).toEqual([]);
    const told = findings.filter(({ message }) => /follow/.test(message));
    expect(told).toMatchObject([{ state: 'warning' }]);
  });
});
