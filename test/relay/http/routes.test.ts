import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Route } from '../../../relay/http/route.ts';
import { routes } from '../../../relay/http/routes/index.ts';
import { ErrorAnswer } from '../../../schemas/index.ts';
import { ask, startFake, type TestNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startFake();
  const { messages, tasks, memory, channels } = node.fake;
  await messages.post('general', { text: 'first' });
  await tasks.create({ title: 'one' });
  await tasks.create({ title: 'two' });
  await memory.remember({ key: 'a/b %2F?é', text: 'x' });
  await channels.create({ name: 'spare' });
});
afterAll(() => node.close());

const key = encodeURIComponent('a/b %2F?é');
const message = 'message-1';
const task = 'task-2';
type Row = readonly [path: string, body: unknown, verb: string];

/** One good request for each route: `METHOD template`, what is sent, and the verb that it reaches. */
const good: Record<string, Row> = {
  'get /v1/status': ['/v1/status', undefined, 'status'],
  'get /v1/members': ['/v1/members?imported=false&limit=5', undefined, 'members.list'],
  'get /v1/members/{member}': ['/v1/members/kai', undefined, 'members.get'],
  'patch /v1/members/{member}': ['/v1/members/kai', { name: 'Kai' }, 'members.update'],
  'get /v1/channels': ['/v1/channels?limit=10&archived=true', undefined, 'channels.list'],
  'post /v1/channels': ['/v1/channels', { name: 'fresh', topic: 't' }, 'channels.create'],
  'get /v1/channels/{channel}': ['/v1/channels/general', undefined, 'channels.get'],
  'patch /v1/channels/{channel}': ['/v1/channels/spare', { topic: 't' }, 'channels.update'],
  'get /v1/channels/{channel}/messages': [
    '/v1/channels/general/messages?order=oldest',
    undefined,
    'messages.list',
  ],
  'post /v1/channels/{channel}/messages': ['/v1/channels/general/messages', { text: 'hi' }, 'messages.post'],
  'get /v1/messages/{id}': [`/v1/messages/${message}`, undefined, 'messages.get'],
  'patch /v1/messages/{id}': [`/v1/messages/${message}`, { text: 'edited' }, 'messages.edit'],
  'delete /v1/messages/{id}': [`/v1/messages/${message}?reason=oops`, undefined, 'messages.redact'],
  'put /v1/messages/{id}/reactions/{emoji}': [
    `/v1/messages/${message}/reactions/${encodeURIComponent('👍')}`,
    undefined,
    'messages.react',
  ],
  'delete /v1/messages/{id}/reactions/{emoji}': [
    `/v1/messages/${message}/reactions/+1`,
    undefined,
    'messages.unreact',
  ],
  'get /v1/threads/{id}': [`/v1/threads/${message}`, undefined, 'messages.thread'],
  'get /v1/tasks': ['/v1/tasks?status=todo&priority=P1', undefined, 'tasks.list'],
  'post /v1/tasks': ['/v1/tasks', { title: 'do it', labels: ['a'] }, 'tasks.create'],
  'get /v1/tasks/ready': ['/v1/tasks/ready', undefined, 'tasks.ready'],
  'get /v1/tasks/{id}': [`/v1/tasks/${task}`, undefined, 'tasks.get'],
  'patch /v1/tasks/{id}': [`/v1/tasks/${task}`, { title: 'other' }, 'tasks.update'],
  'post /v1/tasks/{id}/claim': [`/v1/tasks/${task}/claim`, undefined, 'tasks.claim'],
  'post /v1/tasks/{id}/release': [`/v1/tasks/${task}/release`, { reason: 'r' }, 'tasks.release'],
  'post /v1/tasks/{id}/move': [`/v1/tasks/${task}/move`, { to: 'doing' }, 'tasks.move'],
  'get /v1/tasks/{id}/comments': [`/v1/tasks/${task}/comments`, undefined, 'tasks.comments'],
  'post /v1/tasks/{id}/comments': [`/v1/tasks/${task}/comments`, { text: 'c' }, 'tasks.comment'],
  'post /v1/tasks/{id}/links': [`/v1/tasks/${task}/links`, { kind: 'blocks', to: 'task-3' }, 'tasks.link'],
  'delete /v1/tasks/{id}/links': [
    `/v1/tasks/${task}/links?kind=blocks&to=task-3&base=a,b`,
    undefined,
    'tasks.unlink',
  ],
  'get /v1/memory': ['/v1/memory?tag=x', undefined, 'memory.list'],
  'post /v1/memory': ['/v1/memory', { text: 'm', tags: ['x'] }, 'memory.remember'],
  'get /v1/memory/{id}': [`/v1/memory/${key}`, undefined, 'memory.get'],
  'patch /v1/memory/{id}': [`/v1/memory/${key}`, { text: 'n' }, 'memory.update'],
  'delete /v1/memory/{id}': [`/v1/memory/${key}`, undefined, 'memory.forget'],
  'get /v1/search': ['/v1/search?q=word&kind=message', undefined, 'search'],
  'get /v1/catch-up': ['/v1/catch-up?budget=1000', undefined, 'catchUp'],
  'post /v1/acks': ['/v1/acks', { receipt: 'r1' }, 'acknowledge'],
  'get /v1/activity': ['/v1/activity?types=message.*', undefined, 'activity'],
  'get /v1/history/{id}': [`/v1/history/${message}`, undefined, 'history'],
  'get /': ['/', undefined, 'status'],
  'get /healthz': ['/healthz', undefined, ''],
  'get /readyz': ['/readyz', undefined, 'channels.list'],
  'get /metrics': ['/metrics', undefined, 'status'],
  'get /version': ['/version', undefined, ''],
  'get /openapi.json': ['/openapi.json', undefined, ''],
};
/** Tested by themselves: they answer with a stream. */
const streamed = [
  'get /v1/events',
  ...['import', 'export', 'backup', 'compact', 'doctor'].map((work) => `post /v1/admin/${work}`),
];

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

describe('routes', () => {
  it('has a good request here for every route, and no other', () => {
    expect(routes.map(nameOf).sort()).toEqual([...Object.keys(good), ...streamed].sort());
    expect(routes.length).toBeLessThan(52);
    expect(routes.filter(({ path }) => path.startsWith('/v1/')).length).toBeLessThan(45);
  });

  for (const route of routes.filter((one) => !streamed.includes(nameOf(one)))) {
    const name = nameOf(route);
    it(`${name}: answers what its schema says`, async () => {
      const [path, json, verb] = good[name]!;
      node.fake.asked.length = 0;
      const { token } = node;
      const headers =
        route.method === 'get' ? {} : { 'idempotency-key': Buffer.from('kéy').toString('latin1') };
      const answer = await ask(node.url + path, { method: route.method.toUpperCase(), token, json, headers });
      expect(answer.text.startsWith('{"error"')).toBe(false);
      expect(answer.status).toBe(route.status ?? 200);
      if (verb !== '') expect(node.fake.asked.map((one) => one.verb)).toContain(verb);
      if (route.answer instanceof z.ZodType)
        expect(route.answer.safeParse(answer.body).error).toBeUndefined();
      else expect(answer.headers['content-type']).toBe(route.answer.type);
      if (route.method !== 'get' && verb !== 'acknowledge')
        expect(node.fake.asked.at(-1)?.input).toContainEqual({ key: 'kéy' });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    });

    it(`${name}: an error of the replica keeps its code and status`, async () => {
      const [path, json, verb] = good[name]!;
      if (verb === '') return;
      const { CoterieError } = await import('../../../schemas/index.ts');
      node.fake.failNext(new CoterieError('disk_full', 'no room'));
      const answer = await ask(node.url + path, {
        method: route.method.toUpperCase(),
        token: node.token,
        json,
      });
      expect(answer.status).toBe(507);
      expect(answer.body).toMatchObject({ error: { code: 'disk_full', message: 'no room' } });
    });

    if (!route.open)
      it(`${name}: needs a token`, async () => {
        const [path, json] = good[name]!;
        for (const token of [undefined, 'x', 'A'.repeat(43)]) {
          const answer = await ask(node.url + path, { method: route.method.toUpperCase(), token, json });
          expect(answer.status).toBe(401);
          expect(answer.headers['www-authenticate']).toBe('Bearer');
          expect(ErrorAnswer.parse(answer.body).error.code).toBe('unauthorized');
        }
      });

    it(`${name}: refuses what it does not know`, async () => {
      const [path, json] = good[name]!;
      const { token } = node;
      const method = route.method.toUpperCase();
      const mark = path.includes('?') ? '&' : '?';
      const queried = await ask(`${node.url}${path}${mark}surprise=1`, { method, token, json });
      expect(queried.status).toBe(400);
      expect(queried.body).toMatchObject({ error: { code: 'invalid', message: 'unknown field surprise' } });
      const sent = await ask(node.url + path, {
        method,
        token,
        json: { ...(json as object | undefined), surprise: 1 },
      });
      expect(sent.status).toBe(400);
      const message = ErrorAnswer.parse(sent.body).error.message;
      expect(message).toMatch(route.body ? /surprise/ : /takes no body/);
    });
  }

  it('passes the member that the token names, decoded names and checked values', async () => {
    const { tokenOf } = await import('../../../relay/node/tokens.ts');
    const lee = tokenOf(node.directory, 'lee');
    node.fake.asked.length = 0;
    await ask(`${node.url}/v1/memory/${key}`, { token: lee });
    await ask(`${node.url}/v1/tasks/${task}/links?kind=blocks&to=x&base=a,b`, {
      token: lee,
      method: 'DELETE',
    });
    expect(node.fake.asked).toEqual([
      { verb: 'memory.get', as: 'lee', input: ['a/b %2F?é'] },
      {
        verb: 'tasks.unlink',
        as: 'lee',
        input: [task, { kind: 'blocks', to: 'x', base: ['a', 'b'] }, { key: undefined }],
      },
    ]);
  });

  it('recalls from memory, and only there by tag', async () => {
    node.fake.asked.length = 0;
    const { token } = node;
    await ask(`${node.url}/v1/search?q=x&kind=memory&tag=t&limit=2`, { token });
    expect(node.fake.asked).toEqual([
      { verb: 'recall', as: 'kai', input: [{ q: 'x', tag: 't', limit: 2, cursor: undefined }] },
    ]);
    expect((await ask(`${node.url}/v1/search?q=x&tag=t`, { token })).status).toBe(400);
    expect((await ask(`${node.url}/v1/search?q=x&kind=memory&channel=c`, { token })).status).toBe(400);
  });
});
