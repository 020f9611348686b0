import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../src/keys/node.ts';
import { directId } from '../../src/op/index.ts';
import { directContract } from '../contracts/direct.ts';
import { told } from '../contracts/messages.ts';
import { scratch } from '../support/scratch.ts';
import { home, open } from './support/open.ts';
import { rebuilt } from './support/rebuilt.ts';
import { asTexts } from './sync/hand.ts';
import { equal, meet, peers, session } from './sync/support.ts';
import { couple, newcomer } from './sync/team.ts';

directContract(async () => {
  const kai = await open();
  await kai.messages.post('general', { text: 'first' });
  return { as: (handle) => kai.as(handle) };
});

describe('direct conversations', () => {
  it('MSG-8: begun apart it is one, on every replica', async () => {
    const [ana, bo, cy] = await peers(['ana', 'bo', 'cy']);
    if (!ana || !bo || !cy) throw new Error('no peers');
    for (const { replica, name } of [ana, bo, cy]) await replica.messages.post('general', { text: name });
    await meet(ana, bo, cy);
    const one = await ana.replica.messages.post('@bo', { text: 'from ana' });
    const other = await bo.replica.messages.post('@ana', { text: 'from bo' });
    expect(other.channel).toBe(one.channel);
    await meet(ana, bo, cy);
    await equal(ana, bo, cy);
    for (const { replica } of [ana, bo, cy]) {
      expect((await replica.as('ana').messages.list('@bo')).items.map(({ text }) => text)).toEqual([
        'from bo',
        'from ana',
      ]);
      expect(told(await replica.as('bo').inbox())).toEqual(['direct from ana']);
      expect(told(await replica.as('ana').inbox())).toEqual(['direct from bo']);
      expect(told(await replica.as('cy').inbox())).toEqual([]);
    }
  });

  it('MSG-8: a message that addresses others than its conversation is of counts on no replica', async () => {
    const [ana] = await couple();
    await ana.replica.messages.post('general', { text: 'a' });
    const { eve, admission, member } = await newcomer(ana);
    const [me, you] = [eve.member('eve'), ana.replica.member.id];
    const log = `direct.${directId(nodeCrypto, eve.workspace, [me, you])}`;
    const say = (to: readonly string[] | undefined, where = log) =>
      eve.make({
        log: where,
        type: 'message.create',
        member: me,
        data: to ? { to } : {},
        body: { text: 'x' },
      });
    const general = `channel.${(await ana.replica.channels.get('general')).id}`;
    const all = [
      await say([you]),
      await say(undefined),
      await say([you, you]),
      await say([me, you]),
      await say([you], general),
    ];
    await ana.source.take('log/members/1', asTexts(admission, member), session());
    for (const one of all) await ana.source.take(`log/${one.entry.header.log}/1`, asTexts(one), session());
    const states = await Promise.all(
      all.map(async ({ hash }) => (await ana.replica.history(hash)).items[0]?.state),
    );
    expect(states).toEqual(['counted', 'rejected', 'rejected', 'rejected', 'rejected']);
    expect((await ana.replica.messages.list('@eve')).items).toHaveLength(1);
  });

  it('MSG-8: made anew from the operations it is the same', async () => {
    const at = home();
    const kai = await open(at);
    await kai.messages.post('general', { text: 'first' });
    await kai.as('rin').messages.post('@kai', { text: 'a word' });
    const before = [await kai.channels.list({ direct: true }), (await kai.inbox()).items];
    const again = await rebuilt(kai, at);
    expect([await again.channels.list({ direct: true }), (await again.inbox()).items]).toEqual(before);
  });

  it('an export holds them by who is in them, and an import brings them back', async () => {
    const kai = await open();
    for (const handle of ['rin', 'ann']) await kai.as(handle).messages.post('general', { text: handle });
    const first = await kai.messages.post('@rin,@ann', { text: 'a word' });
    await kai.as('rin').messages.post('@kai,@ann', { text: 'yes?', thread: first.id });
    await kai.as('ann').messages.react(first.id, 'eyes');
    await kai.messages.post('@rin', { text: 'another' });
    const write = async (replica: typeof kai): Promise<Record<string, string>> => {
      const directory = join(scratch(), 'export');
      const { files } = await replica.export({ directory });
      return Object.fromEntries(
        Object.keys(files).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
      );
    };
    const directory = join(scratch(), 'out');
    await kai.export({ directory });
    const other = await open(home(), { as: 'zoe' });
    await other.import({ format: 'coterie', path: directory });
    expect(await write(other)).toEqual(await write(kai));
  });
});
