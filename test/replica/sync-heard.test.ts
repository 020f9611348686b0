import { expect, it } from 'vitest';
import { asTexts } from './sync/hand.ts';
import { session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

it('REP-14, REP-32: a stream is woken by what a following write lets count, without any other write', async () => {
  const { ana, channel, document } = await inStep();
  const { eve, admission, member } = await newcomer(ana);
  const post = await eve.make({
    log: channel,
    type: 'message.create',
    member: eve.member('eve'),
    body: { text: 'before anybody knew me' },
  });
  const heard: string[] = [];
  const stream = ana.replica.events();
  const all = (async () => {
    for await (const { operation } of stream) {
      heard.push(operation);
      if (operation === post.hash) return;
    }
  })();
  await ana.source.take('log/members/1', asTexts(admission), session());
  // Who speaks is not known yet: it is rejected, and judged again once it is.
  await ana.source.take(document, asTexts(post), session());
  expect((await ana.replica.status()).counts.rejected).toBe(1);
  await ana.source.take('log/members/1', asTexts(member), session());
  await ana.source.idle();
  expect((await ana.replica.status()).counts.rejected).toBe(0);
  await all;
  expect(heard).toContain(post.hash);
});
