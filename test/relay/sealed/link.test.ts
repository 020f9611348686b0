import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../../support/scratch.ts';
import { linked, machine, once, relayIn, shows } from './machines.ts';

/** All bytes below a directory that hold a text. */
function findings(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

it('SLR-10: machines that reach nothing but a sealed relay work together, and it can read none of it', async () => {
  const root = scratch();
  const [ana, bo] = [await machine(root, 'ana', 'home'), await machine(root, 'bo', 'home')];
  await ana.client.messages.post('general', { text: 'canary-one of ana' });
  await bo.client.messages.post('general', { text: 'canary-two of bo' });
  await shows(ana, 'canary-two of bo');
  await shows(bo, 'canary-one of ana');
  await bo.node.close();

  const relay = await relayIn(join(root, 'relay'));
  await ana.client.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  // What is not on that machine any more is found by the relay alone.
  const away = await machine(root, 'bo', 'away', [relay.url]);
  await ana.client.tasks.create({ title: 'canary-three to do' });
  await ana.client.memory.remember({ text: 'canary-four is known' });
  await ana.client.messages.post('general', { text: 'canary-five' });
  await shows(away, 'canary-five');
  await away.client.messages.post('general', { text: 'canary-six' });
  await shows(ana, 'canary-six');
  await Promise.all([linked(ana), linked(away)]);
  expect((await away.client.tasks.list()).items.map(({ title }) => title)).toEqual(['canary-three to do']);
  await relay.close();
  expect(findings(join(root, 'relay'), 'canary')).toEqual([]);
  expect(findings(join(root, 'relay'), 'general')).toEqual([]);
  expect(findings(join(root, 'ana'), 'canary-one').length).toBeGreaterThan(0);
}, 60_000);

it('SLR-11: a relay that was emptied gets everything back from the replicas', async () => {
  const root = scratch();
  const [ana, bo] = [await machine(root, 'ana', 'home'), await machine(root, 'bo', 'home')];
  await ana.client.messages.post('general', { text: 'first' });
  await bo.client.messages.post('general', { text: 'second' });
  await shows(ana, 'second');
  await bo.node.close();
  const directory = join(root, 'relay');
  const relay = await relayIn(directory);
  await ana.client.remotes.add({ url: relay.url, code: relay.code });
  await linked(ana);
  for (let n = 0; n < 20; n++) await ana.client.messages.post('general', { text: `before ${n}` });
  await linked(ana);
  await relay.close();
  // Its key and code stay; all that it kept is gone.
  rmSync(join(directory, 'mailboxes'), { recursive: true });
  await ana.client.messages.post('general', { text: 'meanwhile' });
  // SLR-18: it is told that something has not left this machine.
  await once(ana, async () =>
    (await ana.client.remotes.list()).items.every(({ state, lag }) => state !== 'linked' && lag > 0),
  );
  const again = await relayIn(directory, relay.port);
  const away = await machine(root, 'bo', 'away', [again.url]);
  await shows(away, 'before 0');
  await shows(away, 'meanwhile');
  await Promise.all([linked(ana), linked(away)]);
}, 60_000);
