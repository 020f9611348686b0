import { expect, it, vi } from 'vitest';
import { createRefusals } from '../../src/replica/sync/refusals.ts';
import { refusedText } from '../../src/replica/upkeep/warnings.ts';
import { memory } from './support/memory.ts';
import { asTexts } from './sync/hand.ts';
import { peers, session } from './sync/support.ts';
import { newcomer } from './sync/team.ts';

it('REP-41: status warns of forks, broken documents, refused updates and a copied directory; of nothing else', async () => {
  const [ana] = await peers(['ana']);
  if (!ana) throw new Error('no peer');
  const { replica, source } = ana;
  await replica.messages.post('general', { text: 'a' });
  const warned = async () => (await replica.status()).warnings.map(({ what, message }) => [what, message]);
  expect(await warned()).toEqual([]);

  const channel = `channel.${(await replica.channels.get('general')).id}`;
  const document = `log/${channel}/1`;
  const { eve, admission, member } = await newcomer(ana);
  const say = (text: string, at: { seq?: number; prev?: string } = {}) =>
    eve.make({ log: channel, type: 'message.create', member: eve.member('eve'), body: { text }, ...at });
  const one = await say('1');
  const two = await say('2');
  const other = await say('2, apart', { seq: 2, prev: one.hash });
  await source.take('log/members/1', asTexts(admission, member), session());
  await source.take(document, asTexts(one, two, other), session());
  expect(await warned()).toEqual([['forks', `chains fork: ${channel} of ${eve.id}`]]);

  for (const times of [1, 2]) {
    const received = await source.receive(document, new Uint8Array(9), session());
    expect(received.ok).toBe(false);
    const [, message] = (await warned()).find(([what]) => what === 'refused updates') ?? [];
    expect(message).toMatch(
      new RegExp(`^${times} update(s were| was) refused since it was opened; the last for ${document}: .`),
    );
  }
  const { findings } = await replica.doctor();
  expect(findings.find(({ what }) => what === 'refused updates')?.message).toMatch(/^2 updates were refused/);

  await source.markSplit(document);
  expect(await warned()).toContainEqual(['documents', `structures are broken in ${document}`]);

  expect(await source.admit(source.publicKey, [])).toBe('self');
  expect(await warned()).toContainEqual(['replica key', expect.stringMatching(/copied/)]);

  // What is stored is told of again, who met a copy since the opening is not.
  await ana.reopen();
  expect((await ana.replica.status()).warnings.map(({ what }) => what)).toEqual([
    'forks',
    'documents',
    'refused updates',
  ]);
});

it('REP-41: who was refused, when and why, is told also after a restart, of the last senders; by status for a week', async () => {
  let now = Date.UTC(2030, 0, 1);
  const [ana] = await peers(['ana'], () => ({ now: () => now }));
  if (!ana) throw new Error('no peer');
  await ana.replica.messages.post('general', { text: 'a' });
  const document = 'log/tasks/1';
  const junk = new Uint8Array(9);
  for (let i = 0; i < 20; i++) {
    const from = session();
    ana.source.met({ session: from, handle: `guest-${i}` });
    expect((await ana.source.receive(document, junk, from)).ok).toBe(false);
  }
  now += 1000;
  const [from, { eve }] = [session(), await newcomer(ana)];
  ana.source.met({ session: from, publicKey: eve.publicKey });
  for (let i = 0; i < 3; i++) await ana.source.receive(document, junk, from);
  await ana.reopen();
  const told = async () =>
    (await ana.replica.doctor()).findings.find(({ what }) => what === 'refused so far')?.message ?? '';
  const before = await told();
  expect(before).toContain(
    `replica ${eve.id}, 3 times, the last at 2030-01-01T00:00:01.000Z for ${document}: `,
  );
  expect(before.match(/member guest-\d+, once at 2030-01-01T00:00:00.000Z/g)).toHaveLength(15);
  const warned = async () => (await ana.replica.status()).warnings;
  expect(await warned()).toEqual([
    expect.objectContaining({
      what: 'refused updates',
      message: expect.stringContaining(`replica ${eve.id}`),
    }),
  ]);
  now += 8 * 24 * 60 * 60 * 1000;
  expect(await warned()).toEqual([]);
  expect(await told()).toBe(before);
});

it('REP-41: of very many who are refused the first are told apart, and the rest is summed up', () => {
  const notes = createRefusals();
  for (let n = 1; n <= 100; n++) {
    notes.met(n, `replica ${n}`);
    notes.refused('log/tasks/1', n === 100 ? 'no reason' : 'struct: collected', n);
  }
  notes.refused('log/tasks/1', 'clock: far', 101);
  const { count, last, of } = notes.now();
  expect(count).toBe(101);
  expect(last).toEqual({ document: 'log/tasks/1', reason: 'clock: far', by: 'someone' });
  expect(of).toHaveLength(65);
  expect(of[0]).toEqual({ by: 'replica 1', reason: 'struct', count: 1 });
  expect(of.at(-1)).toEqual({ by: 'others', reason: 'any', count: 101 - 64 });
  expect(refusedText(notes.now(), 1)).toBe(
    '101 updates were refused since it was opened; the last for log/tasks/1: clock: far; by replica 1 for struct 1; and by 64 more',
  );
});

it('REP-41: status warns while checkpoints fail, and no longer', async () => {
  const disk = memory();
  const kai = await disk.open();
  const { merge } = disk.documents;
  disk.documents.merge = async () => {
    throw new Error('the disk says no');
  };
  // A closed segment is checkpointed.
  for (let i = 0; i < 10; i++) await kai.messages.post('general', { text: 'x'.repeat(60_000) });
  await vi.waitFor(async () => expect((await kai.status()).warnings).not.toEqual([]), 10_000);
  expect((await kai.status()).warnings).toEqual([
    expect.objectContaining({ what: 'checkpoints', message: expect.stringMatching(/the disk says no/) }),
  ]);
  disk.documents.merge = merge;
  await kai.compact();
  expect((await kai.status()).warnings).toEqual([]);
});
