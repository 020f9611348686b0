import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { home } from '../../replica/support/open.ts';
import { start } from '../node/start.ts';
import { comes, inStep, post, startRelay, states, texts } from './support.ts';

/** A machine that joins by a ticket of that relay, and reaches nothing else. */
async function joins(first: Node, at: string, as: string): Promise<Node> {
  const there = home();
  const { ticket } = await first.replica.invites.create({ at });
  const { file } = await joinByTicket({ ...there, ticket });
  const node = await start(there, { as, workspace: file });
  await comes(states(node)).toEqual(['linked']);
  return node;
}

it('HST-3 RLY-24: several relays at once; one goes and comes, one is replaced by an empty one: all comes back from the replicas', async () => {
  const [one, two] = [await startRelay(), await startRelay()];
  const kai = await start(home());
  for (const { url, code } of [one, two]) await kai.replica.remotes.add({ url, code });
  await comes(states(kai)).toEqual(['linked', 'linked']);
  const [zoe, bo] = [await joins(kai, one.url, 'zoe'), await joins(kai, two.url, 'bo')];
  await post(zoe, '1 by way of both');
  await comes(texts(bo)).toEqual(['1 by way of both']);

  // Whoever has no other way works on alone.
  await one.close();
  await post(zoe, '2 while it was away');
  await post(bo, '3 by way of the other');
  await comes(texts(kai)).toEqual(['1 by way of both', '3 by way of the other']);
  const back = await startRelay(one.directory, { port: one.port });
  const all = ['1 by way of both', '2 while it was away', '3 by way of the other'];
  for (const node of [kai, zoe, bo]) await comes(texts(node)).toEqual(all);

  await back.close();
  rmSync(back.directory, { recursive: true });
  const empty = await startRelay(back.directory, { port: one.port });
  expect(empty.key).not.toBe(one.key);
  await comes(states(kai)).toEqual(['relay_changed', 'linked']);
  await kai.replica.remotes.remove(empty.url);
  await kai.replica.remotes.add({ url: empty.url, code: empty.code });
  await comes(async () => (await states(kai)()).sort()).toEqual(['linked', 'linked']);
  await comes(inStep(kai)).toEqual([
    ['equal', 0, 0],
    ['equal', 0, 0],
  ]);
  const { ticket } = await kai.replica.invites.create({ at: empty.url });
  await kai.close();
  // What it has now it was given by a replica, and gives to who comes.
  const there = home();
  const { file } = await joinByTicket({ ...there, ticket });
  const eve = await start(there, { as: 'eve', workspace: file });
  await comes(texts(eve)).toEqual(all);
}, 90_000);
