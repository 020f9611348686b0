import { describe, expect, it } from 'vitest';
import { home, open, refused, reopen } from './support/open.ts';

describe('members', () => {
  it('REP-13 are made at their first write, and reading makes nobody', async () => {
    const at = home();
    let kai = await open(at);
    const rin = kai.as('rin');
    await rin.messages.list('general');
    await rin.catchUp();
    await rin.channels.list();
    expect((await kai.status()).member).toBeNull();
    expect((await kai.members.list()).items).toEqual([]);
    await refused(kai.members.get('rin'), 'not_found');
    await rin.messages.post('general', { text: 'hi' });
    expect((await kai.members.get('@rin')).id).toBe(rin.member.id);
    expect(await kai.members.get(rin.member.id)).toMatchObject({
      handle: 'rin',
      hosted: true,
      imported: false,
      kind: 'agent',
    });
    kai = await reopen(kai, at);
    expect((await kai.members.list()).items.map(({ handle }) => handle)).toEqual(['rin']);
    await kai.as('rin').messages.post('general', { text: 'again' });
    expect((await kai.status()).counts.members).toBe(1);
  });

  it('made by many writes at once are made once', async () => {
    const kai = await open();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => kai.as('rin').messages.post('general', { text: `${i}` })),
    );
    expect((await kai.status()).counts.members).toBe(1);
    expect((await kai.activity({ types: 'member.create' })).items).toHaveLength(1);
  });

  it('take a display name and another handle; two of one handle are told apart by longer forms', async () => {
    const at = home();
    let kai = await open(at);
    await kai.members.update({ name: 'Kai K.' });
    expect((await kai.messages.post('general', { text: 'x' })).author).toMatchObject({
      handle: 'kai',
      name: 'Kai K.',
    });
    const renamed = await kai.members.update({ handle: 'pip' });
    expect(renamed).toMatchObject({ id: kai.member.id, handle: 'pip', name: 'Kai K.' });
    await refused(kai.members.get('kai'), 'not_found');
    await kai.as('pip').messages.post('general', { text: 'the other pip' });
    const forms = (await refused(kai.members.get('pip'), 'ambiguous')).legal ?? [];
    expect(
      (await Promise.all(forms.map((form) => kai.members.get(form)))).map(({ id }) => id).sort(),
    ).toEqual([kai.member.id, kai.as('pip').member.id].sort());
    expect((await kai.members.get(kai.member.id)).twins).toEqual([kai.as('pip').member.id]);
    await refused(kai.tasks.create({ title: 'x', assignee: 'pip' }), 'ambiguous');
    kai = await reopen(kai, at);
    expect((await kai.members.list()).items.map(({ handle, name }) => [handle, name]).sort()).toEqual([
      ['pip', 'Kai K.'],
      ['pip', 'pip'],
    ]);
    expect((await kai.members.get(kai.member.id)).name).toBe('Kai K.');
  });

  it('two tasks of one short id are told apart by longer forms', async () => {
    const kai = await open();
    const mine = await kai.tasks.create({ title: 'mine' });
    const other = await kai.as('kai-1').tasks.create({ title: 'other' });
    expect([mine.short, other.short]).toEqual(['kai-1', 'kai-1-1']);
    expect((await kai.tasks.get('kai-1')).id).toBe(mine.id);
    expect((await kai.tasks.get('kai-1-1')).id).toBe(other.id);
  });
});
