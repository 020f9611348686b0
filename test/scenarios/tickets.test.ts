import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLog } from '../../relay/node/log.ts';
import { type Node, startNode } from '../../relay/node/node.ts';
import { ErrorAnswer, errorKinds } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { readTicket, writeTicket } from '../../src/machines/ticket/index.ts';
import { openReplica } from '../../src/replica/open.ts';
import { type Home, home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { answering, changed, movedTo } from '../support/tickets.ts';

/** A node of a user of its own, whose clock goes forward on command. */
async function startAt(now: { ahead: number }): Promise<Node> {
  const root = scratch();
  const node = await startNode({
    directory: join(root, 'data'),
    config: join(root, 'config'),
    state: join(root, 'state'),
    as: 'kai',
    port: 0,
    log: openLog('silent'),
    open: (options) => openReplica(options, { now: () => Date.now() + now.ahead }),
  });
  onTestFinished(() => node.close());
  return node;
}

it('MCH-7 MCH-9 MCH-10: whoever joins by a ticket that does not work is told why and what to do, and nothing is left behind', async () => {
  const now = { ahead: 0 };
  const [node, other] = [await startAt(now), await startAt(now)];
  const short = await node.replica.invites.create({
    expires: new Date(Date.now() + 3_600_000).toISOString(),
    uses: 5,
  });
  const once = await node.replica.invites.create({ uses: 1 });
  const good = await node.replica.invites.create({ uses: 50 });
  expect((await home(scratch()).run(['join', once.ticket, '--json'])).code).toBe(0);
  now.ahead = 2 * 3_600_000;

  const newer = {
    error: { code: 'protocol_newer', message: 'Who joins speaks version 1; this node speaks 7.', hint: 'h' },
  };
  const nobody = 'http://127.0.0.1:1';
  const at = (...addresses: string[]): Promise<string> => changed(good.ticket, { addresses });
  const page = await answering(() => ({ status: 404, type: 'text/html', body: '<h1>Not here</h1>' }));
  const later = await answering(() => ({ status: 426, body: newer }));
  const code = good.ticket.slice(good.ticket.indexOf('#') + 1);
  const typo = `${good.ticket.slice(0, -1)}${good.ticket.endsWith('0') ? '1' : '0'}`;
  const lost = await node.replica.invites.create();
  const { secret, ...rest } = readTicket(nodeCrypto, lost.ticket);
  const unknown = writeTicket(nodeCrypto, { ...rest, secret: secret.map((byte) => byte ^ 1) });
  const cases: readonly (readonly [name: string, ticket: string, code: string, hint: RegExp])[] = [
    ['truncated', good.ticket.slice(0, -8), 'ticket_invalid', /Copy it whole/],
    ['without its code', `${node.url}/join`, 'ticket_invalid', /Copy it whole/],
    ['mistyped', typo, 'ticket_invalid', /Copy it whole/],
    ['of no relay', `file:///join#${code}`, 'ticket_invalid', /Copy it whole/],
    ['expired', short.ticket, 'ticket_expired', /coterie invite/],
    ['used up', once.ticket, 'ticket_used', /coterie invite/],
    ['that its relay does not have', unknown, 'ticket_lost', /coterie invite/],
    ['shown to another relay', movedTo(good.ticket, other.url), 'ticket_elsewhere', /who invited you/],
    ['shown to no relay', movedTo(good.ticket, page), 'ticket_elsewhere', /who invited you/],
    ['shown to nobody', movedTo(good.ticket, nobody), 'unreachable', /their node is up/],
    ['answered by another relay', await at(other.url), 'ticket_elsewhere', /who invited you/],
    ['answered by no relay', await at(page), 'ticket_elsewhere', /who invited you/],
    ['answered by a newer relay', await at(later), 'protocol_newer', /./],
    ['answered by nobody', await at(nobody), 'unreachable', /their node is up/],
    ['answered by another relay at one of two', await at(nobody, other.url), 'ticket_elsewhere', /./],
  ];
  const joiner = home(scratch());
  const refused = async (user: Home, ticket: string) => user.run(['join', ticket, '--as', 'zoe', '--json']);
  for (const [name, ticket, code, hint] of cases) {
    const { stdout, code: exit } = await refused(joiner, ticket);
    const { error } = ErrorAnswer.parse(JSON.parse(stdout));
    expect([error.code, exit], `${name}: ${error.message}`).toEqual([
      code,
      errorKinds[code as keyof typeof errorKinds].exit,
    ]);
    expect(error.hint, name).toMatch(hint);
  }
  // For people it is two lines.
  const { stderr, stdout } = await joiner.run(['join', once.ticket]);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^coterie: joining default as member, invited by @kai\nerror: The ticket was used already\.\nhint: Ask for another; .+\n$/,
  );
  // And the same directory joins by one that works.
  const joined = await refused(joiner, await at(nobody, other.url, node.url));
  expect(joined.code, joined.stdout).toBe(0);
}, 120_000);
