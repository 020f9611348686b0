import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { History, HistoryState } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { entryKey } from '../../src/op/index.ts';
import { allOf, home, open, refused, reopen } from './support/open.ts';
import { asTexts, asUpdate, type Made } from './sync/hand.ts';
import { meet, type Peer, peers, pull, session } from './sync/support.ts';
import { inStep, newcomer } from './sync/team.ts';

/** Value, and who wrote it, by field; siblings left out. */
const shown = (state: HistoryState | null | undefined) =>
  Object.fromEntries(
    (state?.fields ?? [])
      .filter(({ sibling }) => !sibling)
      .map(({ field, value, by }) => [field, [value, by?.handle]]),
  );

async function two(): Promise<[Peer, Peer]> {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  await meet(ana, bo);
  return [ana, bo];
}

describe('the history of a thing', () => {
  it('HIS-1 tells who did what, when, on which replica, in causal order, in pages', async () => {
    const at = home();
    let kai = await open(at);
    const rin = kai.as('rin');
    const task = await kai.tasks.create({ title: 'One' });
    await rin.tasks.update(task.id, { priority: 'P0' });
    await kai.tasks.move(task.id, { to: 'doing' });
    kai = await reopen(kai, at);
    const { items } = await kai.history(task.short);
    expect(items.map(({ type, by }) => [type, by?.handle])).toEqual([
      ['task.create', 'kai'],
      ['task.update', 'rin'],
      ['task.move', 'kai'],
    ]);
    for (const item of items)
      expect(item).toMatchObject({ replica: kai.id, state: 'counted', signature: 'holds', seen: [] });
    expect(items[1]?.after).toEqual([items[0]?.operation]);
    expect(await allOf((page) => kai.history(task.id, page), 1)).toEqual(items);
    await refused(kai.history('aaaaaaaaaaaaaaaaaaaaaaaaaa'), 'not_found');
    await refused(kai.history(task.id, { limit: 0 }), 'invalid');
  });

  it('HIS-1 says whether a signature holds, fails or was not looked at', async () => {
    const { ana, bo, channel: log, document } = await inStep();
    const { eve, admission, member } = await newcomer(ana, (await ana.replica.members.get('ana')).base);
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const said: Made[] = [];
    for (let i = 0; i < 120; i++)
      said.push(
        await eve.make({ log, type: 'message.create', member: eve.member('eve'), body: { text: `${i}` } }),
      );
    const [, one, , , , , , , , , ten] = said;
    if (!one || !ten) throw new Error('nothing said');
    const { sig } = one.entry;
    const forged = { ...ten, key: entryKey(nodeCrypto, ten.hash, sig), entry: { ...ten.entry, sig } };
    const sent = said.map((made) => (made === ten ? forged : made));
    await bo.source.receive(document, asUpdate(...sent), session());
    const signature = async ({ hash }: Made) =>
      (await bo.replica.history(hash)).items.map((item) => [item.signature, item.state]);
    // In bulk they are proven by what their replica signed after them, and looked at one by one a little later.
    expect(await signature(one)).toEqual([['unchecked', 'counted']]);
    await bo.source.idle();
    expect(await signature(one)).toEqual([['holds', 'counted']]);
    expect(await signature(forged)).toEqual([['fails', 'rejected']]);
    expect((await bo.replica.history(forged.hash)).state).toBeNull();
  });

  it('HIS-2 at a time is what was made until then', async () => {
    let clock = Date.UTC(2031, 0, 1);
    const kai = await open(home(), {}, { now: () => clock });
    const task = await kai.tasks.create({ title: 'One' });
    clock += 60_000;
    const between = new Date(clock).toISOString();
    clock += 60_000;
    await kai.tasks.update(task.id, { title: 'Two', priority: 'P0' });
    const then = await kai.history(task.id, { at: between });
    expect(then.items.map(({ type }) => type)).toEqual(['task.create']);
    expect(then.until).toEqual({ made: between });
    expect(shown(then.state)).toMatchObject({ title: ['One', 'kai'], priority: ['P2', 'kai'] });
    expect(shown((await kai.history(task.id)).state)).toMatchObject({ title: ['Two', 'kai'] });
    const before = await kai.history(task.id, { at: '2030-12-31' });
    expect(before).toMatchObject({ items: [], state: null });
    await refused(kai.history(task.id, { at: 'yesterday' }), 'invalid');
    await refused(kai.history(task.id, { at: '2031-99-99' }), 'invalid');
  });

  it('HIS-2 at a cursor is what had counted here until then, in whatever order it was made', async () => {
    const [ana, bo] = await two();
    const task = await ana.replica.tasks.create({ title: 'One' });
    await meet(ana, bo);
    await ana.replica.tasks.update(task.id, { title: 'By ana' });
    await bo.replica.tasks.update(task.id, { title: 'By bo', priority: 'P0' });
    const { cursor } = await bo.replica.status();
    await meet(ana, bo);
    const then = await bo.replica.history(task.id, { at: cursor });
    expect(then.until).toEqual({ arrived: cursor });
    expect(shown(then.state)).toMatchObject({ title: ['By bo', 'bo'] });
    expect(then.state?.fields.filter(({ sibling }) => sibling)).toEqual([]);
    const now = await bo.replica.history(task.id);
    expect(now.state?.fields.filter(({ field }) => field === 'title').map(({ value }) => value)).toEqual([
      'By bo',
      'By ana',
    ]);
    await refused(ana.replica.history(task.id, { at: cursor }), 'cursor_unknown');
  });

  it('HIS-2 a text that was removed since is gone then as well, and that is said', async () => {
    const kai = await open();
    const { id } = await kai.messages.post('general', { text: 'secret' });
    const { cursor } = await kai.status();
    await kai.messages.redact(id);
    expect((await kai.history(id, { at: cursor })).state?.fields[0]).toMatchObject({ value: null });
    expect((await kai.history(id)).state?.removed).toMatchObject({ by: { handle: 'kai' } });
  });

  it('HIS-2 every state that was shown is shown again at its cursor', { timeout: 60_000 }, async () => {
    const verb = fc.record({
      by: fc.boolean(),
      what: fc.constantFrom('title', 'priority', 'label', 'unlabel', 'move', 'claim', 'release', 'meet'),
      n: fc.integer({ min: 0, max: 3 }),
    });
    const [ana, bo] = await two();
    await fc.assert(
      fc.asyncProperty(fc.array(verb, { maxLength: 14 }), async (verbs) => {
        const { id } = await ana.replica.tasks.create({ title: 'begun' });
        await meet(ana, bo);
        const told: [Peer, string, History['state']][] = [];
        for (const { by, what, n } of verbs) {
          const peer = by ? ana : bo;
          const { tasks } = peer.replica;
          const work: Readonly<Record<typeof what, () => Promise<unknown>>> = {
            title: () => tasks.update(id, { title: `t${n}` }),
            priority: () => tasks.update(id, { priority: `P${n}` as 'P0' }),
            label: () => tasks.update(id, { addLabels: [`l${n}`] }),
            unlabel: () => tasks.update(id, { removeLabels: [`l${n}`] }),
            move: () =>
              tasks.move(id, {
                to: (['todo', 'doing', 'blocked', 'done'] as const)[n] ?? 'todo',
                reason: 'why',
              }),
            claim: () => tasks.claim(id),
            release: () => tasks.release(id),
            meet: () => pull(by ? bo : ana, peer),
          };
          // A move or a claim that is refused writes nothing.
          await work[what]().catch(() => undefined);
          for (const one of [ana, bo])
            told.push([
              one,
              (await one.replica.status()).cursor,
              (await one.replica.history(id)).state ?? null,
            ]);
        }
        await meet(ana, bo);
        for (const [one, at, state] of told)
          expect((await one.replica.history(id, { at })).state).toEqual(state);
      }),
      { numRuns: 15, seed: 4 },
    );
  });

  it('HIS-3 names for each field that shows who wrote it, when and by which operation', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    await rin.messages.post('general', { text: 'hello' });
    const other = await kai.tasks.create({ title: 'Other' });
    const { id } = await kai.tasks.create({ title: 'One', labels: ['a'], description: 'long' });
    await rin.tasks.update(id, { priority: 'P0', addLabels: ['b'], assignee: 'rin' });
    await rin.tasks.claim(id);
    await kai.tasks.link(id, { kind: 'blocks', to: other.id });
    await kai.tasks.update(id, {
      title: 'Two',
      due: '2031-01-01T00:00:00.000Z',
      addEvidence: [{ kind: 'commit', ref: 'abc' }],
    });
    const { items, state } = await kai.history(id);
    const rows = (state?.fields ?? []).map(({ field, value, by, operation }) => [
      field,
      value,
      by?.handle,
      items.find((item) => item.operation === operation)?.type,
    ]);
    expect(rows).toEqual([
      ['title', 'Two', 'kai', 'task.update'],
      ['description', 'long', 'kai', 'task.create'],
      ['criteria', null, 'kai', 'task.create'],
      ['status', 'doing', 'rin', 'task.move'],
      ['priority', 'P0', 'rin', 'task.update'],
      ['assignee', 'rin', 'rin', 'task.update'],
      ['reviewer', null, 'kai', 'task.create'],
      ['due', '2031-01-01T00:00:00.000Z', 'kai', 'task.update'],
      ['claim', 'rin', 'rin', 'claim.request'],
      ['label', 'a', 'kai', 'task.create'],
      ['label', 'b', 'rin', 'task.update'],
      ['evidence', { kind: 'commit', ref: 'abc' }, 'kai', 'task.update'],
      ['link', { kind: 'blocks', to: other.id }, 'kai', 'task.link'],
    ]);
    for (const { at, replica } of state?.fields ?? [])
      expect([Number.isNaN(Date.parse(at)), replica]).toEqual([false, kai.id]);
  });

  it('HIS-3 also of messages, channels and memory', async () => {
    const kai = await open();
    const rin = kai.as('rin');
    const { id } = await kai.messages.post('general', { text: 'a' });
    await rin.messages.react(id, 'x');
    expect(shown((await kai.history(id)).state)).toEqual({
      text: ['a', 'kai'],
      pinned: [false, 'kai'],
      resolved: [false, 'kai'],
      reaction: [{ emoji: 'x', by: 'rin' }, 'rin'],
    });
    await rin.channels.update('general', { topic: 'all' });
    expect(shown((await kai.history('general')).state)).toMatchObject({
      name: ['general', undefined],
      topic: ['all', 'rin'],
    });
    const memory = await kai.memory.remember({ text: 'm', tags: ['t'] });
    await rin.memory.forget(memory.id);
    expect(shown((await kai.history(memory.id)).state)).toMatchObject({
      text: ['m', 'kai'],
      tags: [['t'], 'kai'],
      forgotten: [true, 'rin'],
    });
  });

  it('HIS-4 tells which replicas were seen to have an operation, and by what', async () => {
    const [ana, bo] = await two();
    const task = await ana.replica.tasks.create({ title: 'One' });
    const seen = async (peer: Peer) =>
      (await peer.replica.history(task.id)).items.map((item) =>
        item.seen.map(({ replica, because }) => [replica === ana.replica.id ? 'ana' : 'bo', because]),
      );
    expect(await seen(ana)).toEqual([[]]);
    await meet(ana, bo);
    // Exchanged, and nobody said so yet.
    expect(await seen(ana)).toEqual([[]]);
    expect(await seen(bo)).toEqual([[['ana', 'wrote']]]);
    const { logs } = await ana.source.root();
    await ana.source.equal(bo.source.publicKey, logs);
    expect(await seen(ana)).toEqual([[['bo', 'digests']]]);
    // What is written after that was not in what was compared.
    await ana.replica.tasks.update(task.id, { priority: 'P0' });
    await ana.source.equal(bo.source.publicKey, logs);
    expect(await seen(ana)).toEqual([[['bo', 'digests']], []]);
    await meet(ana, bo);
    await bo.replica.tasks.update(task.id, { priority: 'P1' });
    await meet(ana, bo);
    expect(await seen(ana)).toEqual([[['bo', 'named']], [['bo', 'named']], [['bo', 'wrote']]]);
    // A digest that this replica never told says nothing.
    await bo.source.equal(ana.source.publicKey, 'a'.repeat(26));
    await ana.reopen();
    expect((await seen(ana))[0]).toEqual([['bo', 'named']]);
  });
});
