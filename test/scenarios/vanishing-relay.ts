import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { randomFrom } from '../support/storage.ts';
import { until } from './agents.ts';
import { exportOf, linesOf, lost } from './exports.ts';
import { digestOf, linkedWith, relayed } from './relay.ts';

export interface VanishOptions {
  readonly seed: number;
  readonly kills: number;
  /** Messages that either side begins with. */
  readonly amount: number;
  /** The relay is killed so long after somebody linked with it, at most, ms. */
  readonly within: number;
  /** Between two rounds of a writer, ms. */
  readonly every: number;
  /** How long it may take to heal, ms: who dialled in vain for a while dials again within 30 s, and much is to be told then. */
  readonly patience: number;
}

/**
 * Two replicas that write much, and have nothing but a relay between them, which is killed again and again at drawn
 * instants. In the end all three are equal, and nothing that was acknowledged is lost.
 */
export async function syncOverVanishingRelay(options: VanishOptions): Promise<{ acknowledged: number }> {
  const draw = randomFrom(options.seed);
  const place = relayed();
  let relay = await place.up();
  const names = ['left', 'right'];
  const files = names.map(place.acknowledged);
  const team = await Promise.all(names.map(place.agent));
  await Promise.all(
    team.map((agent, at) =>
      agent.ask('write', { file: files[at], many: options.amount, every: options.every }),
    ),
  );
  const peers = (): Promise<unknown> => Promise.all(team.map((agent) => agent.ask('peers')));
  const linked = async (): Promise<number> => (await Promise.all(team.map(linkedWith))).flat().length;
  for (let kill = 0; kill < options.kills; kill++) {
    await until('somebody is linked with the relay', async () => (await linked()) > 0, peers);
    await pause(draw(options.within));
    await relay.stop('SIGKILL');
    relay = await place.up();
  }
  // All of the first lot, too.
  await Promise.all(team.map((agent) => agent.ask('wrote', { count: options.amount })));
  await Promise.all(team.map((agent) => agent.ask('stop')));
  await until(
    'all three are equal',
    async () => new Set(await Promise.all([place.digest(), ...team.map(digestOf)])).size === 1,
    peers,
    options.patience,
  );
  for (const agent of team) expect(await agent.ask('doctor'), agent.id).toEqual({ findings: [] });
  await Promise.all(team.map((agent) => agent.ask('close')));
  await relay.stop('SIGKILL');

  const whole = await exportOf(place.user, place.data);
  const [first] = team;
  expect(lost(whole, first?.workspace ?? '', files)).toEqual([]);
  for (const name of names) expect(await exportOf(place.user, place.directory(name)), name).toEqual(whole);
  return { acknowledged: files.flatMap(linesOf).length };
}
