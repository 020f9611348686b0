import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, startNode } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { openReplica } from '../../../src/index.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { shared } from '../../support/scratch.ts';
import { ask, startFake } from './support.ts';

const place = shared();
let node: Node;
let token: string;
let replica: Replica;
beforeAll(async () => {
  node = await startNode({
    directory: `${place.path}/data`,
    config: `${place.path}/config`,
    state: `${place.path}/state`,
    as: 'kai',
    port: 0,
    durability: 'os',
    log: openLog('error'),
    open: openReplica,
  });
  ({ replica } = node);
  token = tokenOf(node.directory, 'kai');
  await replica.messages.post('general', { text: 'one' });
  await replica.tasks.create({ title: 'build it' });
});
afterAll(async () => {
  await node.close();
  place.remove();
});

const get = (path: string, headers: Record<string, string> = {}) => ask(node.url + path, { token, headers });
const errorOf = ({ body }: { body: unknown }) =>
  (body as { error: { code: string; message: string; legal?: string[] } }).error;

describe('short answers', () => {
  it('fields keeps those of each item, and the frame of the list', async () => {
    const { body } = await get('/v1/channels/general/messages?fields=id,text&limit=1');
    const { items } = body as { items: Record<string, unknown>[] };
    expect(items.map((item) => Object.keys(item))).toEqual([['id', 'text']]);
    const { body: one } = await get('/v1/tasks/kai-1?fields=title,status');
    expect(one).toEqual({ title: 'build it', status: 'todo' });
    const { body: caught } = await get('/v1/catch-up?fields=kind');
    expect(caught).toMatchObject({ items: [], receipt: expect.any(String), proof: expect.any(Object) });
  });

  it('a field that the answer never has is refused with those that it has', async () => {
    const wrong = await get('/v1/tasks?fields=title,colour');
    expect([wrong.status, errorOf(wrong).code]).toEqual([400, 'invalid']);
    expect(errorOf(wrong).message).toContain('colour');
    expect(errorOf(wrong).legal).toContain('title');
    expect((await get('/v1/tasks?format=yaml')).status).toBe(400);
    expect(
      (await ask(`${node.url}/v1/tasks?fields=title`, { method: 'POST', token, json: { title: 'x' } }))
        .status,
    ).toBe(400);
  });

  it('compact leaves out what is empty, and writes people as handles', async () => {
    const full = (await get('/v1/tasks/kai-1')).text;
    const { body, text } = await get('/v1/tasks/kai-1?format=compact');
    expect(body).toMatchObject({ short: 'kai-1', title: 'build it', creator: 'kai' });
    for (const name of ['base', 'assignee', 'labels']) expect(body).not.toHaveProperty(name);
    expect(text.length).toBeLessThan(0.6 * full.length);
    expect((await get('/v1/memory?format=compact')).body).toEqual({ items: [] });
  });

  it('who polls with the tag of what it has is told when nothing changed', async () => {
    const first = await get('/v1/tasks');
    const tag = first.headers.etag ?? '';
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const same = await get('/v1/tasks', { 'if-none-match': `"other", W/${tag}` });
    expect([same.status, same.text, same.headers.etag]).toEqual([304, '', tag]);
    await replica.tasks.create({ title: 'one more' });
    const changed = await get('/v1/tasks', { 'if-none-match': tag });
    expect(changed.status).toBe(200);
    expect(changed.headers.etag).not.toBe(tag);
    expect((await get('/v1/tasks?fields=title')).headers.etag).not.toBe(changed.headers.etag);
  });
});

describe('how often', () => {
  it('each member is told what is left, and beyond it when to come again', async () => {
    const strict = await startFake({ rate: { requests: 3, seconds: 60 } });
    try {
      const other = tokenOf(strict.directory, 'mira');
      for (const left of ['2', '1', '0']) {
        const { status, headers } = await ask(`${strict.url}/v1/status`, { token: strict.token });
        expect([status, headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual([
          200,
          '3',
          left,
        ]);
      }
      const refused = await ask(`${strict.url}/v1/status`, { token: strict.token });
      expect([refused.status, errorOf(refused).code]).toEqual([429, 'rate_limited']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect((await ask(`${strict.url}/v1/status`, { token: other })).status).toBe(200);
      expect((await ask(`${strict.url}/healthz`)).status).toBe(200);
    } finally {
      await strict.close();
    }
  });
});
