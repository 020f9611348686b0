import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../src/keys/node.ts';
import { entryKey } from '../../src/op/index.ts';
import { healthy } from './support/open.ts';
import { asTexts, asUpdate, type Made } from './sync/hand.ts';
import { equal, meet, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

/** The same header under a signature that does not hold. */
function forge({ hash, entry }: Made): Made {
  const sig = `${entry.sig.slice(0, 40)}${entry.sig[40] === 'A' ? 'B' : 'A'}${entry.sig.slice(41)}`;
  return { hash, key: entryKey(nodeCrypto, hash, sig), entry: { ...entry, sig } };
}

async function withEve() {
  const { ana, bo, channel: log, document } = await inStep();
  const { eve, admission, member } = await newcomer(ana, (await ana.replica.members.get('ana')).base);
  for (const { source } of [ana, bo])
    await source.take('log/members/1', asTexts(admission, member), session());
  const said: Made[] = [];
  for (let i = 0; i < 120; i++)
    said.push(
      await eve.make({ log, type: 'message.create', member: eve.member('eve'), body: { text: `${i}` } }),
    );
  return { ana, bo, said, document };
}

describe('REP-40 signatures in bulk', () => {
  it('that were passed over are looked at later: what does not hold ends rejected, as where it was checked singly', async () => {
    const { ana, bo, said, document } = await withEve();
    const forged = said[60];
    if (!forged) throw new Error('nothing said');
    const sent = said.map((one) => (one === forged ? forge(one) : one));
    for (const one of sent) await ana.source.take(document, asTexts(one), session());
    await bo.source.receive(document, asUpdate(...sent), session());
    await ana.source.idle();
    await bo.source.idle();
    for (const one of [ana, bo]) {
      expect((await one.replica.status()).counts).toMatchObject({ rejected: 1, waiting: 0, messages: 121 });
      await expect(one.replica.messages.get(forged.hash)).rejects.toMatchObject({ code: 'not_found' });
    }
    await meet(ana, bo);
    await bo.reopen();
    await healthy(bo.replica);
    await equal(ana, bo);
    // The signature that holds comes after all.
    await ana.source.take(document, asTexts(forged), session());
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await bo.replica.messages.get(forged.hash)).text).toBe('60');
  });

  it('are due still after a restart, and a twin that holds takes the place of one that does not', async () => {
    const { ana, bo, said, document } = await withEve();
    const sent = said.map((one, i) => (i === 10 || i === 20 ? forge(one) : one));
    await bo.source.receive(document, asUpdate(...sent), session());
    const [, , , , , , , , , , ten] = said;
    if (!ten) throw new Error('nothing said');
    await bo.source.receive(document, asUpdate(ten), session());
    await bo.reopen();
    await bo.source.idle();
    expect((await bo.replica.status()).counts.rejected).toBe(1);
    expect((await bo.replica.messages.get(ten.hash)).text).toBe('10');
    await meet(ana, bo);
    await bo.reopen();
    await equal(ana, bo);
    await healthy(bo.replica);
  });
});
