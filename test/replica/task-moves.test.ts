import { describe, expect, it } from 'vitest';
import { open, refused } from './support/open.ts';

describe('the moves of a task', () => {
  it('TSK-11: are those that who asks may make', async () => {
    const kai = await open();
    const [ann, rev] = [kai.as('ann'), kai.as('rev')];
    for (const one of [ann, rev]) await one.messages.post('general', { text: 'hello' });
    const { id } = await kai.tasks.create({ title: 'One', reviewer: 'rev' });
    const done = async () => {
      const may: string[] = [];
      for (const one of [kai, ann, rev]) {
        const { legalMoves } = await one.tasks.get(id);
        const [listed] = (await one.tasks.list()).items;
        expect(listed?.legalMoves).toEqual(legalMoves);
        if (legalMoves.includes('done')) may.push(one.member.handle);
      }
      return may;
    };
    expect(await done()).toEqual(['kai', 'rev']);
    expect((await ann.tasks.claim(id)).legalMoves).not.toContain('done');
    await ann.tasks.move(id, { to: 'review' });
    expect(await done()).toEqual(['kai', 'rev']);
    // Who brought it there does not review it, nor does who holds it.
    await kai.tasks.move(id, { to: 'doing', reason: 'once more' });
    await rev.tasks.move(id, { to: 'review' });
    expect(await done()).toEqual(['kai']);
    await kai.tasks.move(id, { to: 'cancelled' });
    const refusal = await refused(ann.tasks.claim(id), 'illegal_move');
    expect(refusal.legal).toEqual(['todo']);
    await kai.tasks.move(id, { to: 'todo' });
    // Held by a grant it may be called done by anybody else: that is contested.
    await ann.tasks.claim(id, { need: 'granted' });
    expect(await done()).toEqual(['kai', 'rev']);
    await ann.tasks.move(id, { to: 'blocked', reason: 'No key yet' });
    const blocked = await refused(ann.tasks.move(id, { to: 'review' }), 'illegal_move');
    expect(blocked.legal).toEqual((await ann.tasks.get(id)).legalMoves);
  });
});
