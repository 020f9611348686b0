import { cpSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { equal, meet, type Peer, peer, peers, pull } from './sync/support.ts';

/** A replica and so many copies of its directory, all with one key, and another replica. Each may write into many logs. */
async function copies(count: number): Promise<{ all: Peer[]; bo: Peer; logs: string[] }> {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  const logs = (await ana.replica.channels.list()).items.map(({ name }) => name);
  for (let n = 0; n < 8; n++) logs.push((await ana.replica.channels.create({ name: `log-${n}` })).name);
  for (const log of logs) await ana.replica.messages.post(log, { text: 'first' });
  await meet(ana, bo);
  await ana.replica.close();
  const names = Array.from({ length: count }, (_, n) => `copy-${n}`);
  for (const name of names) cpSync(ana.at.directory, join(ana.at.root, name), { recursive: true });
  await ana.reopen();
  const all = [ana];
  for (const name of names) all.push(await peer(name, ana.at.root));
  return { all, bo, logs };
}

const asAna = ({ replica }: Peer) => replica.as('ana');

/** Each writes into each log: the ids, by log and then by replica. */
async function forked(all: readonly Peer[], logs: readonly string[]): Promise<string[][]> {
  const ids: string[][] = [];
  for (const log of logs)
    ids.push(
      await Promise.all(all.map(async (one) => (await asAna(one).messages.post(log, { text: one.name })).id)),
    );
  return ids;
}

/** Writes one message after the other until it is stopped; answers the ids that were acknowledged. */
function writing(one: Peer) {
  const ids: string[] = [];
  let on = true;
  const done = (async () => {
    while (on) ids.push((await asAna(one).messages.post('general', { text: `${ids.length}` })).id);
  })();
  return {
    async stop(): Promise<string[]> {
      on = false;
      await done;
      return ids;
    },
  };
}

/** Everybody gets what everybody has, all at once. */
const atOnce = (all: readonly Peer[]): Promise<unknown> =>
  Promise.all(
    all.map(async (to) => {
      for (const from of all) if (from !== to) await pull(from, to);
    }),
  );

/** All is everywhere, every key is admitted and its own, and stays so. */
async function settled(all: readonly Peer[], bo: Peer, written: readonly string[]): Promise<void> {
  const ids = all.map(({ replica }) => replica.id);
  expect(new Set(ids).size).toBe(all.length);
  for (const one of all) {
    await asAna(one).messages.post('general', { text: `${one.name} goes on` });
    expect(await bo.source.admit(one.source.publicKey, await one.source.credentials())).toBe('admitted');
  }
  await meet(...all, bo);
  await equal(...all, bo);
  for (const id of written) expect((await bo.replica.messages.get(id)).id).toBe(id);
  const handles = (await bo.replica.members.list()).items.map(({ handle }) => handle);
  expect(new Set(handles).size).toBe(handles.length);
  for (const one of all) {
    expect((await one.replica.doctor()).findings.filter(({ state }) => state === 'damaged')).toEqual([]);
    await one.reopen();
    await one.source.idle();
  }
  expect(all.map(({ replica }) => replica.id)).toEqual(ids);
}

describe('REP-29 copies that meet at once', () => {
  it('both take a fresh key where each has the higher branch of a log, while both write, and nothing is lost', async () => {
    const { all, bo, logs } = await copies(1);
    const before = all[0]!.replica.id;
    const ids = await forked(all, logs);
    const writes = all.map(writing);
    await atOnce(all);
    const written = (await Promise.all(writes.map((one) => one.stop()))).flat();
    await meet(...all, bo);
    for (const [n, { replica }] of all.entries()) {
      const isHigher = ids.some((of) => of[n] === of.toSorted().at(-1));
      expect(replica.id !== before, `copy ${n}`).toBe(isHigher);
    }
    await settled(all, bo, [...ids.flat(), ...written]);
  });

  it('of three no two keep one key, in whatever order they see each other', async () => {
    const { all, bo } = await copies(2);
    const [of = []] = await forked(all, ['general']);
    const sorted = all.toSorted((a, b) => ((of[all.indexOf(a)] ?? '') < (of[all.indexOf(b)] ?? '') ? -1 : 1));
    const [low, middle, high] = sorted;
    if (!low || !middle || !high) throw new Error('no three');
    const before = low.replica.id;
    // The one in between meets the higher branch first.
    await pull(high, middle);
    await pull(middle, low);
    await meet(...all, bo);
    expect(low.replica.id).toBe(before);
    await settled(all, bo, of);
  });

  it('copies of one that was about to take a key take one each', async () => {
    const { all, bo } = await copies(1);
    const [one, other] = all as [Peer, Peer];
    const [of = []] = await forked(all, ['general']);
    const higher = (of[0] ?? '') > (of[1] ?? '') ? one : other;
    const lower = higher === one ? other : one;
    const secrets = join(one.at.config, 'workspaces');
    renameSync(secrets, join(one.at.root, 'away'));
    await pull(lower, higher);
    await higher.replica.close();
    cpSync(higher.at.directory, join(one.at.root, 'third'), { recursive: true });
    renameSync(join(one.at.root, 'away'), secrets);
    const third = await peer('third', one.at.root);
    await higher.reopen();
    await Promise.all([third.source.idle(), higher.source.idle()]);
    const more = await forked([higher, third], ['general']);
    await atOnce([lower, higher, third]);
    await meet(lower, higher, third, bo);
    await settled([lower, higher, third], bo, [...of, ...more.flat()]);
  });
});
