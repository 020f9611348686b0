import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineEvents, OpenEngine } from '../../../relay/lan/engine.ts';
import { lanKeys } from '../../../relay/lan/keys.ts';
import type { LanPlace } from '../../../relay/lan/lan.ts';
import type { Node } from '../../../relay/node/node.ts';
import type { Peer } from '../../../schemas/index.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { type Home, home } from '../../replica/support/open.ts';
import { scratch } from '../../support/scratch.ts';
import { start } from '../node/start.ts';
import { openEar, withoutMulticast } from './multicast.ts';
import { until } from './support.ts';

/** A network in memory: who asks hears all that is announced, who announces is heard by all. */
function openWire(): LanPlace {
  const all = new Map<object, { events: EngineEvents; text: Readonly<Record<string, string>> | undefined }>();
  const openEngine: OpenEngine = (_addresses, events) => {
    const self = { events, text: undefined as Readonly<Record<string, string>> | undefined };
    all.set(self, self);
    return {
      announce({ text }) {
        self.text = text;
        for (const one of all.values()) if (one !== self) one.events.heard(text, '127.0.0.1');
      },
      ask() {
        for (const { text } of all.values()) if (text) events.heard(text, '127.0.0.1');
      },
      close: async () => void all.delete(self),
    };
  };
  return { ...loopback, openEngine };
}

const loopback: LanPlace = {
  addresses: () => ['127.0.0.1'],
  near: (address) => address === '127.0.0.1',
};

/** Two machines of one owner, neither of which finds the other's run files. */
const laptops = (): readonly [Home, Home] => {
  const first = home();
  return [first, { ...home(scratch()), config: first.config }];
};

const lanOf = async ({ replica }: Node): Promise<Peer[]> =>
  (await replica.status()).peers.filter(({ lan, state }) => lan && state === 'linked');

const linked = async (...nodes: Node[]): Promise<boolean> =>
  (await Promise.all(nodes.map(lanOf))).every((peers) => peers.length === 1);

const has = async ({ replica }: Node, text: string): Promise<boolean> =>
  (await replica.messages.list('general')).items.some((one) => one.text === text);

describe('two laptops', () => {
  it('MCH-20 MCH-22: find each other without an address, and sync both ways', async () => {
    const discover = openWire();
    const [one, other] = laptops();
    const a = await start(one, { discover });
    await a.replica.messages.post('general', { text: 'from the first' });
    const b = await start(other, { discover, as: 'zoe' });
    await until('they are linked', () => linked(a, b));
    await b.replica.messages.post('general', { text: 'from the second' });
    await until('the first came', () => has(b, 'from the first'));
    await until('the second came', () => has(a, 'from the second'));
    const peers = [...(await lanOf(a)), ...(await lanOf(b))];
    expect(peers.map(({ replica }) => replica).sort()).toEqual([a.replica.id, b.replica.id].sort());
    await b.close();
    await until('it is gone', async () => (await lanOf(a)).length === 0);
  });

  it('MCH-20: without being asked to, nobody is found', async () => {
    const discover = openWire();
    const [one, other] = laptops();
    const a = await start(one, { discover });
    const b = await start(other, { as: 'zoe' });
    const source = syncSourceOf(b.replica);
    expect(lanKeys(b.replica.workspace.id, await source.credentials())).toEqual(
      lanKeys(a.replica.workspace.id, await syncSourceOf(a.replica).credentials()),
    );
    expect((await a.replica.status()).peers).toEqual([]);
    expect((await b.replica.status()).peers).toEqual([]);
  });

  it('MCH-22: let go of each other when a relay is there, and link again when it is not', async () => {
    const discover = openWire();
    const [one, other] = laptops();
    const relayHome: Home = { ...home(scratch()), config: one.config };
    const a = await start(one, { discover });
    const relay = await start(relayHome, { as: 'hub' });
    const upstreams = [relay.url];
    const b = await start(other, { discover, as: 'zoe', upstreams });
    await a.close();
    const again = await start(one, { discover, upstreams });
    const through = async (): Promise<boolean> =>
      (await Promise.all([again, b].map(({ replica }) => replica.status()))).every(({ peers }) =>
        peers.some(({ upstream, state }) => upstream && state === 'linked'),
      );
    await until('both are linked with the relay', through);
    await until('not with each other', async () => !(await linked(again)) && !(await linked(b)));
    await relay.close();
    await until('they are linked with each other', () => linked(again, b));
    await again.replica.messages.post('general', { text: 'without a relay' });
    await until('it came', () => has(b, 'without a relay'));
    const back = await start(relayHome, { as: 'hub', port: relay.port });
    await until('what was said came to the relay', () => has(back, 'without a relay'));
    await until('they let go of each other', async () => !(await linked(again)) && !(await linked(b)));
  }, 60_000);

  it('MCH-21: announce by multicast DNS nothing that names them, and link', async (context) => {
    const missing = await withoutMulticast();
    if (missing) return context.skip(missing);
    const ear = await openEar();
    const [one, other] = laptops();
    const a = await start(one, { discover: loopback, as: 'rin-of-the-canary', workspace: 'canary-bay' });
    const b = await start(other, { discover: loopback, as: 'zoe-of-the-canary', workspace: 'canary-bay' });
    await until('they are linked', () => linked(a, b));
    const ours = ear.heard.filter((bytes) => bytes.includes('coterie'));
    expect(ours.length).toBeGreaterThan(1);
    const words = Buffer.concat(ours).toString('latin1').toLowerCase();
    const { id, name } = a.replica.workspace;
    const keys = [a, b].map(({ replica }) => syncSourceOf(replica).publicKey);
    // A name of few letters stands in random characters by chance.
    const names = [hostname()].filter((host) => host.length > 4);
    const secret = [...names, 'canary', id, name, a.replica.id, b.replica.id, join(one.root), ...keys];
    expect(secret.filter((word) => words.includes(word.toLowerCase()))).toEqual([]);
  });
});
