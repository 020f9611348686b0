import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeTransport } from '../../relay/cli/reach/node-http.ts';
import { type Node, startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import { CoterieError } from '../../schemas/index.ts';
import { type Client, createClient } from '../../src/client/index.ts';
import { fetchTransport } from '../../src/client/transport.ts';
import { type FakeReplica, openFakeReplica } from '../support/fake-replica.ts';

const directory = mkdtempSync(join(tmpdir(), 'coterie-client-'));
let node: Node;
let fake: FakeReplica;
let token: string;
const own = nodeTransport();

beforeAll(async () => {
  node = await startNode({
    directory,
    as: 'kai',
    port: 0,
    open: async (options) => {
      fake = await openFakeReplica(options);
      return fake;
    },
  });
  token = tokenOf(directory, 'ann');
});
afterAll(async () => {
  own.close();
  await node.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Without what is undefined, as on the wire. */
/** As it goes over the wire: who hangs up is no part of it. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, field: unknown) => (name === 'signal' ? undefined : field)));
const key = 'schlüssel 日本 1';

/** Every verb with something in every input, as it is called and as the replica should hear it. */
const verbs: readonly (readonly [verb: string, input: readonly unknown[]])[] = [
  ['channels.list', [{ limit: 2, cursor: 'c', archived: true }]],
  ['channels.list', [{ archived: false }]],
  ['channels.get', ['general']],
  ['channels.create', [{ name: 'made', topic: 'a topic' }, { key }]],
  ['channels.update', ['general', { topic: 'new', archived: false, base: ['x'] }, { key }]],
  ['messages.post', ['general', { text: 'hi', hops: 1 }, { key }]],
  ['messages.list', ['general', { limit: 3, order: 'oldest', since: '2026-01-01T00:00:00.000Z' }]],
  ['messages.get', ['message-1']],
  ['messages.thread', ['message-1', { limit: 1 }]],
  ['messages.edit', ['message-1', { text: 'other', base: ['a', 'b'] }, { key }]],
  ['messages.react', ['message-1', '👍', { key }]],
  ['messages.unreact', ['message-1', '👍', { key }]],
  ['messages.flag', ['message-1', { pinned: true, resolved: false }, { key }]],
  ['messages.redact', ['message-1', { reason: 'a & b' }, { key }]],
  ['tasks.create', [{ title: 'T', priority: 'P1', labels: ['l'], due: null }, { key }]],
  ['tasks.list', [{ status: 'todo', assignee: 'kai', holder: 'ann', priority: 'P0', label: 'a b' }]],
  ['tasks.ready', [{ limit: 1 }]],
  ['tasks.get', ['task-1']],
  ['tasks.update', ['task-1', { title: 'U', addEvidence: [{ kind: 'note', ref: 'r' }] }, { key }]],
  ['tasks.claim', ['task-1', { need: 'tentative', incarnation: 'i' }, { key }]],
  ['tasks.renew', ['task-1', { ttl: 60_000 }, { key }]],
  ['tasks.decide', ['task-1', { accept: true }, { key }]],
  ['tasks.release', ['task-1', { reason: 'why' }, { key }]],
  ['tasks.move', ['task-1', { to: 'doing', reason: 'why', base: ['x'] }, { key }]],
  ['tasks.link', ['task-1', { kind: 'blocks', to: 'task-1' }, { key }]],
  ['tasks.unlink', ['task-1', { kind: 'blocks', to: 'task-1' }, { key }]],
  ['tasks.comment', ['task-1', { text: 'c' }, { key }]],
  ['tasks.comments', ['task-1', { limit: 4 }]],
  ['documents.list', [{ log: 'tasks', limit: 2, cursor: 'log/tasks/1' }]],
  ['groups.list', [{ limit: 2, cursor: 'c' }]],
  ['groups.create', [{ handle: 'crew', members: ['kai'] }, { key }]],
  ['groups.update', ['crew', { add: ['kai'] }, { key }]],
  ['invites.list', [{ limit: 2, cursor: 'c' }]],
  ['invites.revoke', ['i', { key }]],
  ['arbiter.get', []],
  ['arbiter.move', [{ to: 'r', force: true }, { key }]],
  ['memory.remember', [{ text: 't', key: 'a/b', tags: ['x'] }, { key }]],
  ['memory.list', [{ tag: 'x', kind: 'fact', forgotten: false }]],
  ['memory.get', ['a/b']],
  ['memory.update', ['a/b', { text: 'u' }, { key }]],
  ['memory.forget', ['a/b', { key }]],
  ['reservations.reserve', [{ globs: ['src/**'], ttl: 60_000, reason: 'why', incarnation: 'i' }, { key }]],
  ['reservations.list', [{ state: 'all', holder: 'kai', others: true, path: 'src/a b.ts', limit: 2 }]],
  ['reservations.get', ['reservation-1']],
  ['reservations.renew', ['reservation-1', { ttl: 60_000 }, { key }]],
  ['reservations.release', ['reservation-1', { key }]],
  ['members.list', [{ imported: false, limit: 1 }]],
  ['members.get', ['ann']],
  ['members.update', [{ name: 'Ann' }, { key }]],
  ['search', [{ q: 'a&b', kind: 'task', limit: 2 }]],
  ['recall', [{ q: 'x', tag: 't' }]],
  ['activity', [{ types: 'message.*', channels: 'general', limit: 1 }]],
  ['history', ['message-1', { limit: 1 }]],
  ['presence.list', [{ offline: false, limit: 3 }]],
  ['presence.set', [{ state: 'waiting', waitingFor: 'ann', note: 'n', session: 's', ttl: 60 }]],
  ['catchUp', [{ budget: 500, limit: 2 }]],
  ['inbox', [{ budget: 500, limit: 2 }]],
  ['waiting', []],
  ['acknowledge', [{ receipt: 'r1', operations: ['a'] }]],
  ['status', []],
];

function call(target: object, verb: string, input: readonly unknown[]): Promise<unknown> {
  const found = verb.split('.').reduce<unknown>((at, name) => Reflect.get(at as object, name), target);
  if (typeof found !== 'function') throw new Error(`no ${verb}`);
  return Reflect.apply(found, undefined, input) as Promise<unknown>;
}

// Ids of the fake count up, so that each transport needs the ones of its own run.
const numbered = (input: readonly unknown[], ids: ReadonlyMap<string, string>) =>
  JSON.parse(
    JSON.stringify(input).replace(/(message|task)-1/g, (name) => ids.get(name) ?? name),
  ) as unknown[];

describe.each([
  ['fetch', fetchTransport],
  ['node:http', own.transport],
])('over %s', (name, transport) => {
  let client: Client;
  const ids = new Map<string, string>();
  beforeAll(() => {
    client = createClient({ url: `${node.url}/`, token, transport });
  });

  it.each(verbs)('%s passes everything on, as the member of the token', async (verb, typed) => {
    const input = numbered(typed, ids).map((one) =>
      verb === 'channels.create' && typeof one === 'object' && one !== null && 'name' in one
        ? { ...one, name: `made-${name === 'fetch' ? 1 : 2}` }
        : one,
    );
    const answer = (await call(client, verb, input)) as { id?: string };
    const heard = fake.asked.at(-1);
    expect(heard).toMatchObject({ verb, as: 'ann' });
    const wanted = plain(input) as unknown[];
    expect((plain(heard?.input) as unknown[]).slice(0, wanted.length)).toEqual(wanted);
    if (verb === 'messages.post') ids.set('message-1', answer.id ?? '');
    if (verb === 'tasks.create') ids.set('task-1', answer.id ?? '');
  });

  it.each([
    ['not_found', () => client.messages.get('none')],
    ['exists', () => client.channels.create({ name: 'general' })],
    ['invalid', () => client.channels.create({ name: 'Not A Name' })],
    ['invalid', () => client.messages.post('general', { text: 'x' }, { key: 'a\nb' })],
    ['invalid', () => client.messages.post('general', { text: 'x' }, { key: '' })],
    ['too_large', () => client.messages.post('general', { text: 'x'.repeat(70_000) })],
    ['unauthorized', () => createClient({ url: node.url, token: 'wrong', transport }).status()],
    ['unreachable', () => createClient({ url: 'http://127.0.0.1:1', token, transport }).status()],
  ])('rejects with %s', async (code, ask) => {
    const error: unknown = await ask().catch((raised: unknown) => raised);
    if (!(error instanceof CoterieError)) throw new Error(`no CoterieError: ${error}`);
    expect(error.code).toBe(code);
    expect(error.hint).not.toBe('');
  });

  it('carries what would be accepted', async () => {
    const made = await client.tasks.create({ title: 'T' });
    await client.tasks.move(made.id, { to: 'cancelled' });
    await expect(client.tasks.move(made.id, { to: 'review' })).rejects.toMatchObject({
      code: 'illegal_move',
      legal: ['todo'],
    });
  });

  it('long work tells its progress, then its result', async () => {
    const steps: number[] = [];
    const summary = await client.import(
      { format: 'slack', path: '/x' },
      { progress: ({ done }) => steps.push(done) },
    );
    expect(summary.format).toBe('slack');
    expect(steps[0]).toBe(0);
  });

  it.each([
    ['/none', 'import_invalid'],
    ['/late', 'import_unsafe'],
  ])('long work that fails on %s rejects with %s', async (path, code) => {
    await expect(client.import({ format: 'slack', path })).rejects.toMatchObject({ code });
  });

  it('long work ends when the signal aborts', async () => {
    const stop = new AbortController();
    const working = client.import(
      { format: 'slack', path: '/x' },
      { progress: () => stop.abort(), signal: stop.signal },
    );
    await expect(working).rejects.toMatchObject({ name: 'AbortError' });
  });
});
