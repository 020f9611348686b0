import { cpSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Agent, equal, until } from './agents.ts';
import { exportOf, linesOf, lost } from './exports.ts';
import { digestOf, relayed } from './relay.ts';

const idOf = async (agent: Agent): Promise<string> => (await agent.ask<{ id: string }>('self')).id;

it('REP-29 a directory and its copy write at once and meet at a node: each has a key of its own soon, while both write; nothing is lost, and all export the same', async () => {
  const { user, data, directory, acknowledged, up, agent, digest } = relayed();
  let node = await up();
  const first = await agent('ana');
  const { id, workspace } = first;
  await first.ask('write', { file: acknowledged('before'), most: 30 });
  await first.ask('wrote', { count: 30 });
  await first.ask('stop');
  await first.ask('settled', { peers: 1 });
  await first.ask('close');
  await node.stop('SIGTERM');

  cpSync(directory('ana'), directory('copy'), { recursive: true });
  const both = await Promise.all([agent('ana'), agent('copy')]);
  const names = ['ana', 'copy'] as const;
  expect(both.map((one) => one.id)).toEqual([id, id]);
  await Promise.all(both.map((one, i) => one.ask('write', { file: acknowledged(names[i] ?? '') })));
  await Promise.all(both.map((one) => one.ask('wrote', { count: 60 })));

  node = await up();
  await until(
    'they have a key each',
    async () => new Set(await Promise.all(both.map(idOf))).size === 2,
    () => Promise.all(both.map((one) => one.ask('doctor'))),
  );
  const then = await Promise.all(both.map((one) => one.ask<{ count: number }>('wrote', { count: 0 })));
  await Promise.all(both.map((one, i) => one.ask('wrote', { count: (then[i]?.count ?? 0) + 60 })));
  await Promise.all(both.map((one) => one.ask('stop')));
  await until(
    'both and the node are equal',
    async () => (await equal(both)) && (await Promise.all(both.map(digestOf))).includes(await digest()),
    () => Promise.all(both.map((one) => one.ask('peers'))),
  );
  // Where each has the higher branch of some log both took one.
  const ids = await Promise.all(both.map(idOf));
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toEqual([id, id]);
  await Promise.all(both.map((one) => one.ask('close')));
  await node.stop('SIGTERM');

  const kept = ['before', ...names].map(acknowledged);
  expect(kept.map((file) => linesOf(file).length >= 30)).toEqual([true, true, true]);
  const whole = await exportOf(user, data);
  expect(lost(whole, workspace, kept)).toEqual([]);
  for (const name of names) expect(await exportOf(user, directory(name)), name).toEqual(whole);

  const again = await Promise.all(names.map(agent));
  expect(again.map((one) => one.id)).toEqual(ids);
}, 180_000);
