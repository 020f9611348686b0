import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { type Agent, startAgent, until } from './agents.ts';
import { exportOf, lost } from './exports.ts';
import { digestOf, linkedWith, relayed } from './relay.ts';

it('MCH-17: an empty relay in place of a full one gets everything back from the replicas, also what was written meanwhile', async () => {
  const place = relayed();
  const { user, data, directory, acknowledged } = place;
  let relay = await place.up();
  const own = await place.agent('own');
  // Somebody on another machine, let in by a ticket of the relay.
  const elsewhere = home(scratch());
  const invited = await user.run(['invite', '--as', 'node', '--uses', '5', '--json']);
  const { ticket } = JSON.parse(invited.stdout) as { ticket: string };
  const joined = await elsewhere.run(['join', ticket, '--as', 'zoe']);
  expect(joined.code, joined.stderr).toBe(0);
  const guest = await startAgent(
    { config: join(elsewhere.path, 'config', 'coterie'), state: elsewhere.path },
    elsewhere.data,
    'zoe',
  );
  const team = [own, guest];
  const names = ['own', 'zoe'];
  const files = names.map(acknowledged);
  const peers = (): Promise<unknown> => Promise.all(team.map((agent) => agent.ask('peers')));
  async function everywhere(): Promise<void> {
    await until(
      'all three are equal',
      async () => new Set(await Promise.all([place.digest(), ...team.map(digestOf)])).size === 1,
      peers,
    );
  }
  const write = (agent: Agent, at: number): Promise<object> =>
    agent.ask('write', { file: files[at], most: 90 });
  await Promise.all(team.map(write));
  await Promise.all(team.map((agent) => agent.ask('wrote', { count: 90 })));
  await everywhere();
  const spoken = await user.run(['post', 'general', 'said at the relay', '--as', 'node', '--json']);
  const { id } = JSON.parse(spoken.stdout) as { id: string };
  await everywhere();
  const before = new Set((await Promise.all(team.map(linkedWith))).flat());

  await relay.stop('SIGKILL');
  await Promise.all(team.map(write));
  await Promise.all(team.map((agent) => agent.ask('wrote', { count: 180 })));
  renameSync(data, `${data}.lost`);
  relay = await place.up();
  await Promise.all(team.map(write));
  await Promise.all(team.map((agent) => agent.ask('wrote', { count: 270 })));
  await everywhere();

  // It is a replica of its own, with the key of the machine: whoever syncs with it goes on as before.
  const after = (await Promise.all(team.map(linkedWith))).flat();
  expect(after).toHaveLength(2);
  expect(after.filter((replica) => before.has(replica))).toEqual([]);
  for (const agent of team) expect(await agent.ask('doctor'), agent.id).toEqual({ findings: [] });
  // What it alone knew is gone: how often its tickets were used. So they are none of its own any more.
  const late = home(scratch());
  const refused = await late.run(['join', ticket, '--json']);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'ticket_lost' } });
  const fresh = await user.run(['invite', '--as', 'node', '--json']);
  const again = await late.run(['join', (JSON.parse(fresh.stdout) as { ticket: string }).ticket, '--json']);
  expect(again.code, again.stdout).toBe(0);
  await everywhere();

  await Promise.all(team.map((agent) => agent.ask('close')));
  await relay.stop('SIGTERM');
  const whole = await exportOf(user, data);
  expect(lost(whole, own.workspace, files)).toEqual([]);
  expect(whole.get('messages.jsonl')).toContain(id);
  expect(await exportOf(user, directory('own'))).toEqual(whole);
  expect(await exportOf(elsewhere, elsewhere.data)).toEqual(whole);
}, 180_000);
