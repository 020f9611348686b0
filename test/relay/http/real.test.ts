import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { routes } from '../../../relay/http/routes/index.ts';
import { type Node, startNode } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { Invitation, Message, Remembered, Reservation, Task } from '../../../schemas/index.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { readTicket, ticketKeys } from '../../../src/machines/ticket/index.ts';
import { shared } from '../../support/scratch.ts';
import { goodRequests, nameOf, type Row, streamed } from './good.ts';
import { ask, follow } from './support.ts';

const data = shared();
const config = shared();
let node: Node;
let token: string;
let good: Record<string, Row>;

const start = (): Promise<Node> =>
  startNode({ directory: data.path, config: config.path, as: 'kai', port: 0, durability: 'os' });
const post = async (path: string, json: unknown): Promise<unknown> => {
  const answer = await ask(node.url + path, { method: 'POST', token, json });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};

beforeAll(async () => {
  node = await start();
  token = tokenOf(data.path, 'kai');
  const messages = '/v1/channels/general/messages';
  const message = Message.parse(await post(messages, { text: 'first' })).id;
  const other = Message.parse(await post(messages, { text: 'second' })).id;
  const task = Task.parse(await post('/v1/tasks', { title: 'one' })).short;
  const second = Task.parse(await post('/v1/tasks', { title: 'two', status: 'done' })).id;
  const key = Remembered.parse(await post('/v1/memory', { key: 'a/b %2F?é', text: 'x' })).key!;
  await post('/v1/channels', { name: 'spare' });
  // Somebody who is no admin yet.
  await ask(`${node.url}/v1/memory`, {
    method: 'POST',
    token: tokenOf(data.path, 'mira'),
    json: { key: 'mira', text: 'x' },
  });
  const reservation = Reservation.parse(await post('/v1/reservations', { globs: ['src/**'] })).id;
  const { receipt } = (await ask(`${node.url}/v1/catch-up`, { token })).body as { receipt: string };
  const { ticket } = Invitation.parse(await post('/v1/invites', {}));
  const { id: kept } = ticketKeys(readTicket(nodeCrypto, ticket).secret);
  good = goodRequests({ message, other, task, second, key, receipt, reservation, kept });
});
afterAll(async () => {
  await node.close();
  data.remove();
  config.remove();
});

describe('a node on a replica', () => {
  for (const route of routes.filter((one) => !streamed.includes(nameOf(one))))
    it(`${nameOf(route)} answers what its schema says`, async () => {
      const [path, json] = good[nameOf(route)]!;
      const answer = await ask(node.url + path, { method: route.method.toUpperCase(), token, json });
      expect(answer.status, answer.text).toBe(route.status ?? 200);
      if (route.answer instanceof z.ZodType)
        expect(route.answer.safeParse(answer.body).error).toBeUndefined();
    });

  it('answers a repeat of a key with the first result, and another text with an error', async () => {
    const url = `${node.url}/v1/channels/general/messages`;
    const headers = { 'idempotency-key': 'once' };
    const [one, two] = await Promise.all([
      ask(url, { method: 'POST', token, headers, json: { text: 'once' } }),
      ask(url, { method: 'POST', token, headers, json: { text: 'once' } }),
    ]);
    expect([one.status, two.status], one.text + two.text).toEqual([201, 201]);
    expect(Message.parse(one.body).id).toBe(Message.parse(two.body).id);
    const other = await ask(url, { method: 'POST', token, headers, json: { text: 'twice' } });
    expect([other.status, other.body]).toMatchObject([409, { error: { code: 'key_reused' } }]);
  });

  it('makes a member that is new at its first write', async () => {
    const lee = tokenOf(data.path, 'lee');
    const url = `${node.url}/v1/channels/general/messages`;
    const answer = await ask(url, { method: 'POST', token: lee, json: { text: 'hello @kai' } });
    expect(answer.body).toMatchObject({ author: { handle: 'lee' }, mentions: [{ handle: 'kai' }] });
  });

  it('refuses an unknown channel, task, cursor or filter', async () => {
    const cases: [string, unknown, number, string][] = [
      ['/v1/channels/nope/messages', { text: 'x' }, 404, 'not_found'],
      ['/v1/tasks/kai-999/claim', {}, 404, 'not_found'],
      ['/v1/channels', { name: 'general' }, 409, 'exists'],
      ['/v1/acks', { receipt: 'nope' }, 409, 'receipt_unknown'],
    ];
    for (const [path, json, status, code] of cases) {
      const answer = await ask(node.url + path, { method: 'POST', token, json });
      expect([answer.status, answer.body]).toMatchObject([status, { error: { code } }]);
    }
    for (const [query, code] of [
      ['since=x.1', 'cursor_unknown'],
      ['channels=nope', 'not_found'],
      ['members=nope', 'not_found'],
    ]) {
      const answer = await ask(`${node.url}/v1/events?${query}`, { token });
      expect(answer.body).toMatchObject({ error: { code } });
    }
  });

  it('does its long work and says how it goes', async () => {
    const out = shared();
    const work = (name: string, json?: unknown) =>
      ask(`${node.url}/v1/admin/${name}`, { method: 'POST', token, json });
    for (const [name, json] of [
      ['export', { directory: `${out.path}/export` }],
      ['import', { format: 'coterie', path: `${out.path}/export` }],
      ['backup', { directory: `${out.path}/backup` }],
      ['compact', undefined],
      ['doctor', undefined],
    ] as const) {
      const answer = await work(name, json);
      expect(answer.text.trimEnd().split('\n').at(-1)).toMatch(/^\{"result":/);
    }
    const wrong = await work('import', { format: 'slack', path: `${out.path}/nothing.zip` });
    expect(wrong.text).toMatch(/"code":"(import_invalid|not_found)"/);
    out.remove();
  });

  it('lets no second node on its directory, and says who has it', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'directory_locked' });
    expect((await ask(`${node.url}/healthz`)).status).toBe(200);
  });

  it('resumes a stream after it was stopped and started again', async () => {
    const stream = await follow(`${node.url}/v1/events?types=message.create`, token);
    const say = (text: string) => post('/v1/channels/dev/messages', { text });
    await say('before');
    const [before] = await stream.until(1);
    await node.close();
    await stream.ended;
    expect(stream.events.at(-1)?.event).toBe('closing');
    node = await start();
    await say('between');
    const headers = { 'last-event-id': before!.id! };
    const resumed = await follow(`${node.url}/v1/events?types=message.create`, token, headers);
    await say('after');
    const texts = (await resumed.until(2)).map(
      ({ data: event }) => (JSON.parse(event) as { body: object }).body,
    );
    expect(texts).toEqual([{ text: 'between' }, { text: 'after' }]);
    resumed.close();
  });
});
