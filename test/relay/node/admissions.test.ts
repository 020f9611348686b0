import { beforeEach, describe, expect, it, vi } from 'vitest';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { joinByTicket } from '../../../src/replica/workspace/joining.ts';
import { home, open } from '../../replica/support/open.ts';
import { asTexts, hand } from '../../replica/sync/hand.ts';
import { session } from '../../replica/sync/support.ts';
import { opened } from '../../support/tickets.ts';
import { ask } from '../http/support.ts';
import { request } from './request.ts';
import { start } from './start.ts';

/** Each fold of a whole members log, and each listing of one, orders it once. */
const orders = vi.hoisted(() => ({ whole: 0 }));
vi.mock('../../../src/fold/order.ts', async (original) => {
  const real = await original<typeof import('../../../src/fold/order.ts')>();
  const order: typeof real.order = (input, root) => {
    const ops = [...input];
    if (ops.length > 2) orders.whole++;
    return real.order(ops, root);
  };
  return { ...real, order };
});

beforeEach(() => {
  orders.whole = 0;
});

/** A node, an invitation to it, and replicas of its own machine that are admitted apart from each other, one at a call. */
async function crowd() {
  const at = home();
  const node = await start(at);
  await node.replica.messages.post('general', { text: 'the first is the owner' });
  const machine = (await node.replica.replicas.list()).items[0]?.machine;
  const invitation = await node.replica.invites.create({ uses: 100 });
  const source = syncSourceOf(node.replica);
  return {
    node,
    invitation,
    async admit() {
      const eve = hand(at.root);
      const admission = await eve.admission();
      const data = { handle: 'eve', kind: 'agent', machine };
      const member = await eve.make({ log: 'members', type: 'member.create', after: [admission.hash], data });
      await source.take('log/members/1', asTexts(admission, member), session());
    },
    async comeIn() {
      const here = home();
      const { directory, config } = here;
      const { file } = await joinByTicket({ directory, config, ticket: invitation.ticket });
      return { here, file };
    },
  };
}

describe('many admissions', () => {
  it('FOLD-36, MCH-8: of those made apart none folds or orders the members log again', async () => {
    const { node, invitation, admit, comeIn } = await crowd();
    const ticket = await opened(invitation.ticket);
    const url = `${node.url}/v1/invites/${invitation.invite}/admissions`;
    const answered = async () => (await ask(url, { method: 'POST', json: await request(ticket) })).status;
    await admit();
    expect(await answered()).toBe(200);
    orders.whole = 0;
    for (let i = 0; i < 40; i++) {
      await admit();
      expect(await answered()).toBe(200);
    }
    expect(orders.whole).toBe(0);

    const { here, file } = await comeIn();
    orders.whole = 0;
    const joined = await open(here, { as: 'zoe', workspace: file });
    expect((await joined.replicas.list()).items).toHaveLength(43);
    expect(orders.whole).toBeLessThan(4);
  });

  it('REP-18: who joins where more heads stand than an operation may name is admitted, writes, and removes', async () => {
    const { admit, comeIn } = await crowd();
    for (let i = 0; i < 12; i++) await admit();
    const { here, file } = await comeIn();
    const joined = await open(here, { as: 'zoe', workspace: file });
    const { id } = await joined.messages.post('general', { text: 'here' });
    await joined.messages.redact(id, {});
    expect((await joined.messages.get(id)).text).toBe(null);
    expect((await joined.members.get('zoe')).role).toBe('member');
  });
});
