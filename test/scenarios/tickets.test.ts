import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLog } from '../../relay/node/log.ts';
import { type Node, startNode } from '../../relay/node/node.ts';
import { ErrorAnswer, errorKinds, type Invitation } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { readTicket, writeTicket } from '../../src/machines/ticket.ts';
import { openReplica } from '../../src/replica/open.ts';
import { type Home, home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';

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

/** Something that listens and answers each request the same. */
async function answering(status: number, type: string, body: string): Promise<string> {
  const server = createServer((_, outgoing) => {
    outgoing.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The same ticket, with other addresses. */
const at = ({ ticket }: Invitation, ...addresses: string[]): string =>
  writeTicket(nodeCrypto, { ...readTicket(nodeCrypto, ticket), addresses });

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

  const newer = JSON.stringify({
    error: { code: 'protocol_newer', message: 'Who joins speaks version 1; this node speaks 7.', hint: 'h' },
  });
  const nobody = 'http://127.0.0.1:1';
  const cases: readonly (readonly [name: string, ticket: string, code: string, hint: RegExp])[] = [
    ['truncated', good.ticket.slice(0, -20), 'ticket_invalid', /Copy it whole/],
    ['none', 'https://example.org/join', 'ticket_invalid', /Copy it whole/],
    ['of a later version', 'coterie2.abc.def', 'protocol_newer', /newer version/],
    ['expired', short.ticket, 'ticket_expired', /coterie invite/],
    ['used up', once.ticket, 'ticket_used', /coterie invite/],
    ['answered by another relay', at(good, other.url), 'ticket_elsewhere', /who invited you/],
    [
      'answered by no relay',
      at(good, await answering(404, 'text/html', '<h1>Not here</h1>')),
      'ticket_elsewhere',
      /who invited you/,
    ],
    [
      'answered by a newer relay',
      at(good, await answering(426, 'application/json', newer)),
      'protocol_newer',
      /./,
    ],
    ['answered by nobody', at(good, nobody), 'unreachable', /their node is up/],
    ['answered by another relay at one of two', at(good, nobody, other.url), 'ticket_elsewhere', /./],
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
  expect(stderr).toMatch(/^error: The ticket was used already\.\nhint: Ask for another; .+\n$/);
  // And the same directory joins by one that works.
  const joined = await refused(joiner, at(good, nobody, other.url, node.url));
  expect(joined.code, joined.stdout).toBe(0);
}, 120_000);
