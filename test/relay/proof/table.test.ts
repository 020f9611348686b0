import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Doc } from 'yjs';
import { routes } from '../../../relay/http/routes/index.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { type Role, roles } from '../../../schemas/index.ts';
import { generateSeed, signerFromSeed } from '../../../src/keys/node.ts';
import { type Hand, hand } from '../../replica/sync/hand.ts';
import { nameOf } from '../http/good.ts';
import { type Answered, ask } from '../http/support.ts';
import { bare, connect } from '../rooms/support.ts';
import { type At, nodeAt } from './at.ts';
import { type Owned, policy, type Rule, type Things } from './policy.ts';

const code = ({ body }: Answered): string =>
  (body as { error?: { code: string } } | undefined)?.error?.code ?? 'ok';

const asked = (at: At, [, , route, path, body]: Rule, things: Things, token: string): Promise<Answered> =>
  ask(at.node.url + path(things), {
    method: route.split(' ', 1)[0]?.toUpperCase() ?? '',
    token,
    json: body?.(things),
  });

/** What a member has made, while it still might. */
async function owned({ node: { replica } }: At, handle: string): Promise<Owned> {
  const { messages, tasks, reservations, memory } = replica.as(handle);
  const make = async (status?: 'review') => (await tasks.create({ title: handle, status })).id;
  const held = await make();
  await tasks.claim(held);
  const message = (await messages.post('general', { text: handle })).id;
  await messages.react(message, '+1');
  return {
    message,
    doomed: (await messages.post('general', { text: handle })).id,
    task: await make(),
    held,
    review: await make('review'),
    reservation: (await reservations.reserve({ globs: [`${handle}/**`] })).id,
    memory: (await memory.remember({ key: `of-${handle}`, text: `what ${handle} knows` })).id,
  };
}

const ends: (() => void | Promise<void>)[] = [];
const later = (end: () => void | Promise<void>): void => void ends.push(end);
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

let names = 0;
const name = (kind: string): string => `${kind}${++names}`;

/** A new member of the node that only posted. */
async function somebody({ node }: At): Promise<string> {
  const handle = name('m');
  await node.replica.as(handle).messages.post('general', { text: 'here' });
  return handle;
}

/** A node where each role has a member that speaks by a token, and one that speaks by a replica's proof. */
async function workspace() {
  const at = await nodeAt(later);
  const { replica, directory } = at.node;
  const root = directory.slice(0, directory.lastIndexOf('/'));
  const ann = hand(root);
  const admission = await ann.admission();
  const spoken: { role: Role; handle: string; by: 'token' | 'proof'; own: Owned }[] = [];
  const hosts = [admission];
  for (const by of ['token', 'proof'] as const)
    for (const role of roles) {
      const handle = `${role}-${by}`;
      spoken.push({ role, handle, by, own: await owned(at, handle) });
      if (role !== 'member') await replica.members.grant(handle, { role });
    }
  const { base } = await replica.members.get('kai');
  for (const { handle, by } of spoken)
    if (by === 'proof')
      hosts.push(
        await ann.make({
          log: 'members',
          type: 'member.create',
          after: [admission.hash, ...base],
          data: { handle, kind: 'agent', machine: ann.machine },
        }),
      );
  await at.take(...hosts);
  const credential = ({ by, handle }: (typeof spoken)[number]): Promise<string> =>
    by === 'token' ? Promise.resolve(tokenOf(directory, handle)) : at.proof(ann, { member: handle });
  return { at, ann, spoken, credential };
}

type Workspace = Awaited<ReturnType<typeof workspace>>;

async function thingsFor({ at }: Workspace, caller: string, own: Owned, others: Owned): Promise<Things> {
  const { replica } = at.node;
  const channel = name('c');
  await replica.channels.create({ name: channel });
  const group = name('g');
  await replica.groups.create({ handle: group, members: [] });
  const task = (await replica.tasks.create({ title: 'common' })).id;
  const linked = (await replica.tasks.create({ title: 'linked' })).id;
  await replica.tasks.link(task, { kind: 'related', to: linked });
  const operation = await replica.messages.post('general', { text: 'read me' });
  return {
    caller,
    own,
    others,
    channel,
    group,
    member: '',
    replica: '',
    fresh: '',
    task,
    linked,
    invite: (await replica.invites.create({ addresses: ['http://127.0.0.1:1'] })).invite,
    operation: operation.id,
  };
}

const writes = routes.filter(({ method, open, needs }) => method !== 'get' && !open && needs === undefined);

const wantedOf = ([, may]: Rule, role: Role): 'ok' | 'forbidden' =>
  may !== 'nobody' && roles.indexOf(role) >= roles.indexOf(may) ? 'ok' : 'forbidden';

function answeredAs(wants: 'ok' | 'forbidden', [does, may]: Rule, answer: Answered): boolean {
  const is = code(answer);
  // What an address answers that nobody listens at is another question.
  if (wants === 'ok') return does.includes('remote') ? is !== 'forbidden' : is === 'ok';
  return (answer.status === 403 && is === 'forbidden') || (may === 'nobody' && is === 'not_held');
}

describe('role and verb', () => {
  let made: Workspace;
  beforeAll(async () => {
    made = await workspace();
  });

  it('ACS-7: the policy has a word for each request that writes', () => {
    const judged = new Set(policy.map(([, , route]) => route));
    expect(writes.map(nameOf).filter((route) => !judged.has(route))).toEqual([]);
  });

  for (const by of ['token', 'proof'] as const)
    for (const role of roles)
      it(`ACS-7: by ${by}, the ${role} is let do what its role may, and nothing else`, async () => {
        const { at, spoken, credential } = made;
        const caller = spoken.find((one) => one.by === by && one.role === role);
        if (!caller) throw new Error('nobody');
        const other = name('o');
        const others = await owned(at, other);
        const things = await thingsFor(made, caller.handle, caller.own, others);
        const token = await credential(caller);
        const wrong: string[] = [];
        for (const rule of policy) {
          const [does] = rule;
          const member = await somebody(at);
          const replica = /replica|arbiter/.test(does) ? (await at.admit(name('r'))).id : '';
          const answer = await asked(at, rule, { ...things, member, replica, fresh: name('f') }, token);
          const wants = wantedOf(rule, role);
          if (!answeredAs(wants, rule, answer))
            wrong.push(`${does}: wanted ${wants}: ${answer.text.slice(0, 160)}`);
        }
        expect(wrong).toEqual([]);
      });
});

/** What a credential may be, and what it is answered with. */
type State = readonly [
  state: string,
  status: number,
  close: number,
  make: (at: At, by: Hand) => Promise<string | undefined>,
];

const states: readonly State[] = [
  ['none', 401, 4401, async () => undefined],
  ['garbage', 401, 4401, async () => 'a.b.c'],
  ['a token of no member', 401, 4401, async () => randomBytes(32).toString('base64url')],
  ['expired', 401, 4401, (at, by) => at.proof(by, { now: Date.now() - 241_000 })],
  ['not yet valid', 401, 4401, (at, by) => at.proof(by, { now: Date.now() + 62_000 })],
  [
    'forged',
    401,
    4401,
    (at, by) => at.proof({ publicKey: by.publicKey, sign: signerFromSeed(generateSeed()).sign }),
  ],
  ['for another audience', 401, 4401, (at, by) => at.proof(by, { audience: by.publicKey })],
  ['for another workspace', 401, 4401, (at, by) => at.proof(by, { workspace: 'a'.repeat(26) })],
  ['of an unknown key', 403, 4403, (at) => at.proof(at.stranger())],
  [
    'of a revoked replica',
    403,
    4403,
    async (at) => {
      const gone = await at.admit(name('gone'));
      await at.node.replica.replicas.revoke(gone.id);
      return at.proof(gone);
    },
  ],
  ['of a member that it does not host', 403, 4403, (at, by) => at.proof(by, { member: 'kai' })],
  [
    'of an author of history',
    403,
    4403,
    async (at, by) => {
      const author = await by.make({
        log: 'members',
        type: 'member.create',
        member: by.member('eve'),
        after: (await at.node.replica.members.get('eve')).base,
        data: { handle: 'zed', kind: 'human' },
        change: (header) => ({
          ...header,
          imported: { source: 'slack', id: name('z'), author: 'zed', at: 1 },
        }),
      });
      await at.take(author);
      return at.proof(by, { member: author.hash });
    },
  ],
];

const documents = ['log/members/1', 'log/tasks/1', 'presence', 'pad/plan'];

describe('credentials', () => {
  let at: At;
  let eve: Hand;
  beforeAll(async () => {
    at = await nodeAt(later);
    eve = await at.admit('eve');
    await at.node.replica.tasks.create({ title: 't' });
  });

  it.each(states)(
    'ACS-1: one that is %s opens no route and no document',
    async (_state, status, close, make) => {
      const token = await make(at, eve);
      const wrong: string[] = [];
      for (const route of routes.filter(({ open }) => !open)) {
        const path = at.node.url + route.path.replace(/\{[^}]+\}/g, 'x');
        const answer = await ask(path, { method: route.method.toUpperCase(), token });
        const wanted = status === 401 ? 'unauthorized' : 'not_admitted';
        if (answer.status !== status || code(answer) !== wanted)
          wrong.push(`${nameOf(route)}: ${answer.text}`);
      }
      expect(wrong).toEqual([]);
      expect((await ask(`${at.node.url}/mcp`, { method: 'POST', token, json: {} })).status).toBe(status);
      const sync = `${at.node.url.replace('http', 'ws')}/sync/${at.node.replica.workspace.id}`;
      for (const document of documents) {
        const socket = await bare(
          `${sync}/${document}`,
          token === undefined ? ['coterie'] : ['coterie', `token.${token}`],
        );
        expect([document, (await socket.closed()).code]).toEqual([document, close]);
      }
    },
  );

  it.each(documents)('ACS-1: a good one opens %s', async (document) => {
    const sync = `${at.node.url.replace('http', 'ws')}/sync/${at.node.replica.workspace.id}`;
    const protocols = ['coterie', `token.${await at.proof(eve)}`];
    await connect(sync, document, new Doc(), { protocols }).synced();
  });
});
