import { describe, expect, it } from 'vitest';
import type { ReadableRelay } from '../../../relay/hosted/relay.ts';
import { openLog } from '../../../relay/node/log.ts';
import type { Node } from '../../../relay/node/node.ts';
import { fetchTransport } from '../../../src/client/transport.ts';
import { openTicketRelay } from '../../../src/replica/machines/relay-tickets.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { type Home, home, refused } from '../../replica/support/open.ts';
import { ask } from '../http/support.ts';
import { start } from '../node/start.ts';
import { comes, inStep, lag, post, startRelay, states, texts } from './support.ts';

/** A node whose workspace a relay hosts. */
async function hosted(relay: ReadableRelay, at: Home = home()): Promise<Node> {
  const node = await start(at);
  await node.replica.remotes.add({ url: relay.url, code: relay.code });
  await comes(states(node)).toEqual(['linked']);
  return node;
}

const join = ({ directory, config }: Home, ticket: string) => joinByTicket({ directory, config, ticket });

describe('tickets of a readable relay', () => {
  it('HST-8: a machine joins through the relay alone, while who invited it is away; both meet there', async () => {
    const relay = await startRelay();
    const [there, here] = [home(), home()];
    const first = await hosted(relay, there);
    await post(first, 'from one');
    const { ticket, relay: kind, invite } = await first.replica.invites.create({ handle: 'zoe' });
    expect(kind).toBe('readable');
    const below = `${relay.url}/w/${first.replica.workspace.id}`;
    expect(ticket.startsWith(`${below}/join#`)).toBe(true);
    await comes(inStep(first)).toEqual([['equal', 0, 0]]);
    await first.close();

    const { file, by } = await join(here, ticket);
    expect(by).toBe('kai');
    const two = await start(here, { as: 'zoe', workspace: file });
    await comes(texts(two)).toEqual(['from one']);
    expect((await two.replica.remotes.list()).items).toMatchObject([
      { url: relay.url, mode: 'readable', key: relay.key, state: 'linked' },
    ]);
    await post(two, 'from two');
    await comes(lag(two)).toEqual([0]);
    await refused(join(home(), ticket), 'ticket_used');

    const again = await start(there);
    await comes(texts(again)).toEqual(['from one', 'from two']);
    const { items } = await again.replica.replicas.list();
    expect(items.map(({ name, invite: of }) => [name, of])).toContainEqual(['zoe', invite]);
  });

  it('HST-8: the relay keeps counting after a start; a revoked ticket and one of a node say so', async () => {
    const relay = await startRelay();
    const node = await hosted(relay);
    const { ticket, invite } = await node.replica.invites.create({ uses: 1 });
    await join(home(), ticket);
    const other = await node.replica.invites.create();
    await node.replica.invites.revoke(other.invite);
    await comes(inStep(node)).toEqual([['equal', 0, 0]]);
    await relay.close();
    await startRelay(relay.directory, { port: relay.port });
    await refused(join(home(), ticket), 'ticket_used');
    await refused(join(home(), other.ticket), 'ticket_expired');
    expect((await node.replica.invites.list()).items.map(({ id }) => id)).toContain(invite);
    const own = await node.replica.invites.create({ at: 'node' });
    expect(own.ticket.startsWith(`${node.url}/join#`)).toBe(true);
    await refused(node.replica.invites.create({ at: 'https://other.example' }), 'not_found');
  });

  it('HST-8: keeps tickets for admins alone, one package for an invite, and none that another countersigns', async () => {
    const relay = await startRelay();
    const node = await hosted(relay);
    const { id: workspace } = node.replica.workspace;
    const below = `${relay.url}/w/${workspace}`;
    const { publicKey, sign } = syncSourceOf(node.replica);
    const asked = (body: unknown, token?: string) =>
      ask(`${below}/v1/packages/${'a'.repeat(43)}`, { method: 'PUT', json: body, token });
    expect((await asked({})).status).toBe(401);
    const made = async (at?: string) => {
      const { invite } = await node.replica.invites.create(at ? { at } : {});
      const operation = (await node.replica.membersLog()).at(-1);
      if (!operation) throw new Error('no operation was made');
      return { invite, operation };
    };
    const at = openTicketRelay({
      relay: { url: below, key: relay.key, mode: 'readable' },
      signer: { publicKey, sign },
      ...{ workspace, now: Date.now, transport: fetchTransport },
    });
    const give = ({ operation }: Awaited<ReturnType<typeof made>>, id: string) =>
      at.give({
        invite: { invite: workspace, workspace, seed: publicKey, uses: 1, expires: 1 },
        kept: { sealed: 'AAAA', expires: 1 },
        ...{ operation, id },
      });
    await refused(give(await made(), 'b'.repeat(43)), 'exists');
    await refused(give(await made('node'), 'c'.repeat(43)), 'ticket_elsewhere');
    const [genesis] = await node.replica.membersLog();
    if (!genesis) throw new Error('there is no genesis');
    await refused(give({ invite: workspace, operation: genesis }, 'd'.repeat(43)), 'invalid');
    for (const letter of 'bcd')
      expect((await ask(`${below}/v1/packages/${letter.repeat(43)}`)).status).toBe(404);

    const zoe = home();
    const { file } = await join(zoe, (await node.replica.invites.create()).ticket);
    const two = await start(zoe, { as: 'zoe', workspace: file, log: openLog('silent') });
    await comes(states(two)).toEqual(['linked']);
    await comes(lag(two)).toEqual([0]);
    const hers = syncSourceOf(two.replica);
    const asHer = openTicketRelay({
      relay: { url: below, key: relay.key, mode: 'readable' },
      signer: { publicKey: hers.publicKey, sign: (bytes) => hers.sign(bytes) },
      ...{ workspace, now: Date.now },
    });
    const { operation } = await made();
    await refused(
      asHer.give({
        invite: { invite: workspace, workspace, seed: publicKey, uses: 1, expires: 1 },
        kept: { sealed: 'AAAA', expires: 1 },
        ...{ operation, id: 'e'.repeat(43) },
      }),
      'forbidden',
    );
  });
});
