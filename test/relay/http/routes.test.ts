import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { routes } from '../../../relay/http/routes/index.ts';
import { ErrorAnswer } from '../../../schemas/index.ts';
import { goodRequests, nameOf, streamed, type Things } from './good.ts';
import { ask, startFake, type TestNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startFake();
  const { messages, tasks, memory, channels } = node.fake;
  await messages.post('general', { text: 'first' });
  await messages.post('general', { text: 'second' });
  await tasks.create({ title: 'one' });
  await tasks.create({ title: 'two' });
  await memory.remember({ key: 'a/b %2F?é', text: 'x' });
  await channels.create({ name: 'spare' });
});
afterAll(() => node.close());

const things: Things = {
  message: 'message-1',
  other: 'message-2',
  task: 'task-3',
  second: 'task-4',
  key: 'a/b %2F?é',
  receipt: 'r1',
  reservation: 'reservation-1',
  kept: 'package-1',
};
const good = goodRequests(things);

describe('routes', () => {
  it('has a good request here for every route, and no other', () => {
    expect(routes.map(nameOf).sort()).toEqual([...Object.keys(good), ...streamed].sort());
    // Few enough to be learned: paths count, whatever the methods of each.
    const paths = new Set(routes.map(({ path }) => path).filter((path) => path.startsWith('/v1/')));
    expect(paths.size).toBeLessThan(52);
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
      if (route.method !== 'get' && verb !== '' && verb !== 'acknowledge' && verb !== 'presence.set')
        expect(node.fake.asked.at(-1)?.input).toContainEqual(expect.objectContaining({ key: 'kéy' }));
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
    await ask(`${node.url}/v1/memory/${encodeURIComponent(things.key)}`, { token: lee });
    await ask(`${node.url}/v1/tasks/${things.task}/links?kind=blocks&to=x&base=a,b`, {
      token: lee,
      method: 'DELETE',
    });
    expect(node.fake.asked).toEqual([
      { verb: 'memory.get', as: 'lee', input: ['a/b %2F?é'] },
      {
        verb: 'tasks.unlink',
        as: 'lee',
        input: [things.task, { kind: 'blocks', to: 'x', base: ['a', 'b'] }, { key: undefined }],
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
