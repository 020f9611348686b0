import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { type Agent, equal, startAgent, until } from './agents.ts';
import { exportOf, linesOf, lost } from './exports.ts';
import { openProxy } from './proxy.ts';

const linked = async (agent: Agent): Promise<number> =>
  (await agent.ask<{ linked: string[] }>('linked')).linked.length;

it('REP-20 REP-26 of three that write, one is killed and one is offline: afterwards all export the same, and everything that was acknowledged', async () => {
  const user = home(scratch());
  const config = join(user.path, 'config', 'coterie');
  const state = join(user.path, 'state', 'coterie');
  const apart = join(user.path, 'apart');
  for (const path of [state, apart]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const data = (name: string): string => join(user.path, name);

  // Two find each other by their run files; the third knows of nobody, and dials both over wires that can be cut.
  const start = (name: string): Promise<Agent> => startAgent({ config, state }, data(name), name);
  let [ana, bo] = await Promise.all([start('ana'), start('bo')]);
  const wires = [await openProxy(() => ana.url), await openProxy(() => bo.url)];
  const upstreams = wires.map(({ url }) => url);
  const cy = await startAgent({ config, state: apart }, data('cy'), 'cy', { upstreams });
  const { workspace } = cy;
  expect([ana.workspace, bo.workspace]).toEqual([workspace, workspace]);
  await until('each is linked with both others', async () =>
    (await Promise.all([ana, bo, cy].map(linked))).every((links) => links === 2),
  );

  const kept: string[] = [];
  function begin(agent: Agent, name: string): Promise<object> {
    const file = join(user.path, `${name}.acknowledged`);
    kept.push(file);
    return agent.ask('write', { file });
  }
  await Promise.all([begin(ana, 'ana'), begin(bo, 'bo'), begin(cy, 'cy')]);

  await cy.ask('wrote', { count: 60 });
  for (const wire of wires) wire.cut();
  await until('the third is linked with nobody', async () => (await linked(cy)) === 0);
  const alone = (await cy.ask<{ count: number }>('wrote', { count: 0 })).count;

  await bo.ask('wrote', { count: 150 });
  await bo.kill();
  const before = (await ana.ask<{ count: number }>('wrote', { count: 0 })).count;
  // Both go on without it, each for itself.
  await Promise.all([ana.ask('wrote', { count: before + 60 }), cy.ask('wrote', { count: alone + 150 })]);
  expect(await linked(cy)).toBe(0);

  bo = await start('bo');
  await begin(bo, 'bo-again');
  await bo.ask('wrote', { count: 60 });
  for (const wire of wires) wire.mend();
  await Promise.all([ana, cy].map((agent) => agent.ask('wrote', { count: before + 200 })));
  const team = [ana, bo, cy];
  await Promise.all(team.map((agent) => agent.ask('stop')));
  await until(
    'all three are equal',
    () => equal(team),
    () => Promise.all(team.map((agent) => agent.ask('peers'))),
  );
  for (const agent of team) expect(await agent.ask('doctor'), agent.id).toEqual({ findings: [] });
  await Promise.all(team.map((agent) => agent.ask('close')));

  expect(kept.map((file) => linesOf(file).length).every((count) => count >= 60)).toBe(true);
  const whole = await exportOf(user, data('ana'));
  expect(lost(whole, workspace, kept)).toEqual([]);
  for (const name of ['bo', 'cy']) expect(await exportOf(user, data(name)), name).toEqual(whole);
}, 120_000);
