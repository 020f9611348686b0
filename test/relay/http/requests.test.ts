import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../schemas/index.ts';
import { ask, startFake, type TestNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startFake();
});
afterAll(() => node.close());

const errorOf = (answer: { body: unknown }): { code: string; message: string; legal?: string[] } =>
  (answer.body as { error: { code: string; message: string; legal?: string[] } }).error;

describe('what is asked', () => {
  const url = (): string => `${node.url}/v1/channels/general/messages`;

  it('knows a path from a method', async () => {
    const { token } = node;
    const wrong = await ask(`${node.url}/v1/channels/general`, { method: 'DELETE', token });
    expect(wrong.status).toBe(405);
    expect(wrong.headers['allow']).toBe('GET, HEAD, PATCH');
    expect(errorOf(wrong)).toMatchObject({ code: 'bad_method', legal: ['GET', 'HEAD', 'PATCH'] });
    const nowhere = await ask(`${node.url}/v1/nowhere`, { token });
    expect(nowhere.status).toBe(404);
    expect(errorOf(nowhere).code).toBe('no_route');
    expect((await ask(`${node.url}/v1/nowhere`)).status).toBe(401);
    expect((await ask(`${node.url}/favicon.ico`)).status).toBe(404);
    for (const path of ['/v1/channels/', '/v1//channels', '/v1/../v1/x', '/%', '/v1/channels/%zz'])
      expect((await ask(node.url + path, { token })).status).toBe(404);
  });

  it('answers HEAD without a body, and opens no stream for it', async () => {
    const { token } = node;
    const head = await ask(`${node.url}/v1/channels`, { method: 'HEAD', token });
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await ask(`${node.url}/v1/events`, { method: 'HEAD', token })).status).toBe(405);
  });

  const malformed: [string, string, string | Buffer, string | undefined, number, string][] = [
    ['half an object', 'application/json', '{"text":', 'is not JSON', 400, 'invalid_json'],
    ['nothing', 'application/json', '', 'no body', 400, 'invalid_json'],
    [
      'bytes that are not UTF-8',
      'application/json',
      Buffer.from([0x22, 0xff, 0x22]),
      'UTF-8',
      400,
      'invalid_json',
    ],
    ['a form', 'application/x-www-form-urlencoded', 'text=x', 'content-type', 400, 'invalid_json'],
    ['plain text', 'text/plain', '{"text":"x"}', 'content-type', 400, 'invalid_json'],
    [
      'another charset',
      'application/json; charset=latin1',
      '{"text":"x"}',
      'content-type',
      400,
      'invalid_json',
    ],
    ['a list', 'application/json', '[]', undefined, 400, 'invalid'],
    ['null', 'application/json', 'null', undefined, 400, 'invalid'],
    ['an absent field', 'application/json', '{}', 'text is missing', 400, 'invalid'],
    ['a wrong type', 'application/json', '{"text":1}', 'text: ', 400, 'invalid'],
    ['a blank text', 'application/json', '{"text":" "}', 'text: text must not be blank', 400, 'invalid'],
    ['an unknown field', 'application/json', '{"text":"x","txt":1}', 'unknown field txt', 400, 'invalid'],
    ['a prototype', 'application/json', '{"text":"x","__proto__":{"a":1}}', '__proto__', 400, 'invalid'],
    ['a lone surrogate', 'application/json', '{"text":"\\ud800"}', 'surrogate', 400, 'invalid'],
    [
      'an unknown field further in',
      'application/json',
      '{"text":"x","files":[{"name":"n","url":"http://a.b","size":1}]}',
      'unknown field files.0.size',
      400,
      'invalid',
    ],
    [
      'a text over 64 KB',
      'application/json',
      JSON.stringify({ text: 'é'.repeat(limits.textBytes / 2 + 1) }),
      'text: ',
      413,
      'too_large',
    ],
    [
      'a body over 1 MiB',
      'application/json',
      `{"text":"${'x'.repeat(1024 * 1024)}"}`,
      'larger',
      413,
      'too_large',
    ],
    ['nesting without end', 'application/json', `${'['.repeat(500_000)}`, undefined, 400, 'invalid_json'],
  ];
  for (const [what, type, body, message, status, code] of malformed)
    it(`refuses ${what}`, async () => {
      node.fake.asked.length = 0;
      const answer = await ask(url(), {
        method: 'POST',
        token: node.token,
        body,
        headers: { 'content-type': type },
      });
      expect(errorOf(answer)).toMatchObject({ code });
      expect(answer.status).toBe(status);
      if (message !== undefined) expect(errorOf(answer).message).toContain(message);
      expect(node.fake.asked).toEqual([]);
    });

  it('refuses a body over 1 MiB that does not announce its size', async () => {
    const answer = await ask(url(), {
      method: 'POST',
      token: node.token,
      body: Buffer.alloc(1024 * 1024 + 1, 0x20),
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked', 'content-length': [] },
    });
    expect(errorOf(answer).code).toBe('too_large');
  });

  it('takes the largest text, whatever its characters', async () => {
    for (const text of ['x'.repeat(limits.textBytes), '\u0001'.repeat(limits.textBytes)]) {
      const answer = await ask(url(), { method: 'POST', token: node.token, json: { text } });
      expect(answer.status).toBe(201);
    }
  });

  const queries: [string, string][] = [
    ['limit=0', 'limit: '],
    ['limit=1001', 'limit: '],
    ['limit=x', 'limit: it is not a number'],
    ['limit=1&limit=2', 'limit is given twice'],
    [`cursor=${'x'.repeat(513)}`, 'cursor: '],
    ['order=sideways', 'order: '],
    ['since=yesterday', 'since: '],
    ['__proto__=1', '__proto__'],
  ];
  for (const [query, message] of queries)
    it(`refuses ?${query.slice(0, 30)}`, async () => {
      const answer = await ask(`${url()}?${query}`, { token: node.token });
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ code: 'invalid' });
      expect(errorOf(answer).message).toContain(message);
    });

  it('refuses what belongs together wrongly', async () => {
    const { token } = node;
    const id = (await node.fake.messages.post('general', { text: 'x' })).id;
    const patch = (json: unknown) => ask(`${node.url}/v1/messages/${id}`, { method: 'PATCH', token, json });
    expect(errorOf(await patch({})).message).toContain('missing');
    expect(errorOf(await patch({ text: 'x', pinned: true })).message).toContain('two requests');
    expect(errorOf(await patch({ base: [], pinned: true })).message).toContain('base');
    expect((await patch({ pinned: true })).body).toMatchObject({ pinned: true });
    const acks = (json: unknown) => ask(`${node.url}/v1/acks`, { method: 'POST', token, json });
    expect(errorOf(await acks({})).message).toContain('missing');
    expect(errorOf(await acks({ receipt: 'r9' })).code).toBe('receipt_unknown');
    const other = await ask(`${node.url}/v1/members/lee`, { method: 'PATCH', token, json: { name: 'x' } });
    expect([other.status, errorOf(other).code]).toEqual([403, 'forbidden']);
    const emoji = await ask(`${node.url}/v1/messages/${id}/reactions/%20`, { method: 'PUT', token });
    expect(errorOf(emoji).message).toContain('emoji');
    for (const key of ['', 'x'.repeat(257)]) {
      const answer = await ask(url(), {
        method: 'POST',
        token,
        json: { text: 'x' },
        headers: { 'idempotency-key': key },
      });
      expect(errorOf(answer).message).toContain('Idempotency-Key');
    }
  });

  it('says what the replica says: unknown, illegal, held', async () => {
    const { token, fake } = node;
    const unknown = await ask(`${node.url}/v1/channels/nope/messages`, {
      method: 'POST',
      token,
      json: { text: 'x' },
    });
    expect([unknown.status, errorOf(unknown).code]).toEqual([404, 'not_found']);
    const { id } = await fake.as('lee').tasks.create({ title: 't' });
    await fake.as('lee').tasks.claim(id);
    const held = await ask(`${node.url}/v1/tasks/${id}/claim`, { method: 'POST', token });
    expect([held.status, errorOf(held).code]).toEqual([409, 'held']);
    await fake.tasks.move(id, { to: 'cancelled' });
    const move = await ask(`${node.url}/v1/tasks/${id}/move`, {
      method: 'POST',
      token,
      json: { to: 'done' },
    });
    expect(errorOf(move)).toMatchObject({ code: 'illegal_move', legal: ['todo'] });
  });

  it('keeps a mistake of its own to the log', async () => {
    node.fake.failNext(new TypeError('secret detail'));
    const answer = await ask(`${node.url}/v1/channels`, { token: node.token });
    expect([answer.status, errorOf(answer).code]).toEqual([500, 'internal']);
    expect(answer.text).not.toMatch(/secret|TypeError|\.ts/);
    expect(node.logged.join('')).toContain('secret detail');
    expect(node.logged.join('')).not.toContain(node.token);
  });
});
