import { describe, expect, it } from 'vitest';
import type { Header } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { refuseMalformed } from '../../src/replica/ledger/judging.ts';
import { asTexts, hand, type Made } from './sync/hand.ts';
import { equal, meet, type Peer, session } from './sync/support.ts';
import { couple, newcomer } from './sync/team.ts';

const rejected = async ({ replica }: Peer): Promise<number> => (await replica.status()).counts.rejected;

describe('memory that was made apart under one key', () => {
  it('REP-10 becomes one with the first write to the key, and stays one', async () => {
    const [ana, bo] = await couple();
    const first = await ana.replica.memory.remember({ key: 'k', text: 'a' });
    const second = await bo.replica.memory.remember({ key: 'k', text: 'b' });
    await meet(ana, bo);
    const both = [first.id, second.id].sort();
    const merged = await ana.replica.memory.remember({ key: 'k', text: 'both' });
    expect([...merged.supersedes].sort()).toEqual(both);
    const ids = new Set<string>();
    for (let i = 0; i < 60; i++)
      ids.add((await ana.replica.memory.remember({ key: 'k', text: `version ${i}` })).id);
    expect([...ids]).toEqual([merged.id]);
    await meet(ana, bo);
    await equal(ana, bo);
    for (const one of [ana, bo]) {
      expect(await rejected(one)).toBe(0);
      const found = await one.replica.memory.get('k');
      expect([found.id, found.text]).toEqual([merged.id, 'version 59']);
      expect([...found.supersedes].sort()).toEqual(both);
    }
    expect((await bo.replica.memory.remember({ key: 'k', text: 'from there' })).id).toBe(merged.id);
  });

  it('REP-10 REP-43 also where more were made than an operation may replace, and others take all of it', async () => {
    const [ana, bo] = await couple();
    await ana.replica.memory.remember({ key: 'other', text: 'x' });
    await meet(ana, bo);
    const { eve, admission, member } = await newcomer(ana);
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    const many: Made[] = [];
    for (let i = 0; i < 70; i++)
      many.push(
        await eve.make({
          log: 'memory',
          type: 'memory.create',
          member: eve.member('eve'),
          data: { key: 'k' },
          body: { text: `${i}` },
        }),
      );
    await ana.source.take('log/memory/1', asTexts(...many), session());
    for (let i = 0; i < 5; i++) await ana.replica.memory.remember({ key: 'k', text: `version ${i}` });
    await meet(ana, bo);
    for (const one of [ana, bo]) {
      expect(await rejected(one)).toBe(0);
      expect((await one.replica.memory.get('k')).text).toBe('version 4');
    }
  });

  it('REP-43 what others would reject for its form is not written', async () => {
    const [ana] = await couple();
    const eve = hand(ana.at.root);
    const make = async (data: Record<string, unknown>) =>
      eve.make({ log: 'memory', type: 'memory.create', member: eve.id, data, body: { text: 'x' } });
    const shown = async (data: Record<string, unknown>) => {
      const { hash, entry } = await make(data);
      return { hash, header: entry.header as Header, body: entry.body };
    };
    const good = await shown({ key: 'k', supersedes: Array.from({ length: 50 }, () => eve.id) });
    expect(() => refuseMalformed(nodeCrypto, good)).not.toThrow();
    for (const data of [{ supersedes: Array.from({ length: 51 }, () => eve.id) }, { color: 'red' }]) {
      const bad = await shown(data);
      expect(() => refuseMalformed(nodeCrypto, bad), Object.keys(data)[0]).toThrow(
        /no replica would take this/,
      );
    }
  });
});
