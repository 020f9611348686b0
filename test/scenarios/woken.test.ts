import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tokenOf } from '../../relay/node/tokens.ts';
import { Acknowledged, CatchUp, Inbox, type InboxItem } from '../../schemas/index.ts';
import { createClient } from '../../src/client/index.ts';
import { home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { startNode, until } from './agents.ts';

/** Machines of one user, each with directories and nodes of its own; they know of each other by the first alone. */
function machines() {
  const user = home(scratch());
  const config = join(user.path, 'config');
  return (name: string) => {
    const data = join(user.path, name);
    const state = join(user.path, `state of ${name}`);
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const env = { XDG_STATE_HOME: state, COTERIE_DATA: data, COTERIE_AS: 'kai' };
    return {
      data,
      up: (more: readonly string[] = []) => startNode({ config, state, data }, more),
      async json(...argv: string[]): Promise<unknown> {
        const { code, stdout, stderr } = await user.run([...argv, '--json'], { env });
        expect({ argv, code, stderr: code === 0 ? '' : `${stdout}${stderr}` }).toMatchObject({ code: 0 });
        return JSON.parse(stdout);
      },
    };
  };
}

const ids = (items: readonly InboxItem[]): string[] => items.map(({ id }) => id);

it('INB-2 INB-9: who was mentioned while stopped finds it on waking on another machine, and acknowledges what was shown', async () => {
  const machine = machines();
  const [hub, laptop, desktop] = [machine('hub'), machine('laptop'), machine('desktop')];
  const { url } = await hub.up();
  const node = await laptop.up(['--upstream', url]);
  await laptop.json('post', 'general', 'kai is here');
  const rin = createClient({ url, token: tokenOf(hub.data, 'rin') });
  const here = async () => (await rin.members.list()).items.some(({ handle }) => handle === 'kai');
  await until('the hub knows kai', here);
  await node.stop('SIGKILL');

  for (let n = 1; n <= 5; n++) await rin.messages.post('general', { text: `@kai ${n}` });

  // Another machine, that holds nothing yet.
  await desktop.up(['--upstream', url]);
  const inbox = async (...more: string[]): Promise<Inbox> =>
    Inbox.parse(await desktop.json('inbox', ...more));
  await until('all mentions are there', async () => (await inbox()).open === 5);
  const all = await inbox();
  expect(all.items.map(({ kind, text }) => [kind, text])).toEqual(
    [1, 2, 3, 4, 5].map((n) => ['mention', `@kai ${n}`]),
  );

  const two = await inbox('--limit', '2');
  expect(ids(two.items)).toEqual(ids(all.items).slice(0, 2));
  expect(two).toMatchObject({ open: 5, proof: { complete: false, remaining: 3 } });
  // Asked again, all of them are still there.
  expect(ids((await inbox()).items)).toEqual(ids(all.items));
  expect(Acknowledged.parse(await desktop.json('ack', two.receipt))).toMatchObject({ items: 2, open: 3 });
  expect(ids((await inbox()).items)).toEqual(ids(all.items).slice(2));
  await desktop.json('ack', (await inbox()).receipt);
  await desktop.json('ack', CatchUp.parse(await desktop.json('catch-up')).receipt);

  // What is counted and not read is acknowledged as counted.
  const posts = Array.from({ length: 900 }, (_, n) => rin.messages.post('dev', { text: `noise ${n}` }));
  await Promise.all(posts);
  const missed = async (): Promise<CatchUp> =>
    CatchUp.parse(await desktop.json('catch-up', '--budget', '1500'));
  await until('all of it is there', async () => (await missed()).pending === 900);
  const answer = await missed();
  expect(answer.items).toMatchObject([{ kind: 'range', name: 'dev', count: 900 }]);
  expect(await missed()).toMatchObject({ pending: 900 });
  expect(Acknowledged.parse(await desktop.json('ack', answer.receipt))).toEqual({
    ...{ acknowledged: 900, counted: 900, items: 0, pending: 0, open: 0 },
  });
  expect((await missed()).items).toEqual([]);
}, 180_000);
