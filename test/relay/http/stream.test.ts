import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, type NodeOptions, startNode } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { shared } from '../../support/scratch.ts';
import { ask, follow, startFake, type TestNode } from './support.ts';

interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: {
    readonly type?: string;
    readonly cursor?: string;
    readonly body?: { readonly text?: string };
  };
  readonly answer?: string | number | null;
  readonly status?: number;
  readonly body?: { readonly id?: string; readonly error?: { readonly code: string } };
}

/** A socket, its frames, and how it ended. */
async function connect(
  node: { url: string },
  path: string,
  headers: Record<string, string>,
  protocols: string[] = [],
) {
  const socket = new WebSocket(`${node.url.replace('http', 'ws')}${path}`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as Frame);
    for (const look of waiting) look();
  });
  const ended = new Promise<[number]>((resolve) => socket.once('close', (code) => resolve([code])));
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_request, answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += String(part);
      });
      answer.once('end', () => reject(new Error(`${answer.statusCode} ${text}`)));
    });
  });
  /** Resolves with the frames that fit, once there are so many. */
  const until = (
    count: number,
    fits: (frame: Frame) => boolean = ({ id }) => id !== undefined,
  ): Promise<Frame[]> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = frames.filter(fits);
        if (found.length < count) return;
        waiting.delete(look);
        resolve(found.slice(0, count));
      };
      waiting.add(look);
      look();
    });
  const ask = async (call: number, command: object): Promise<Frame> => {
    socket.send(JSON.stringify({ call, ...command }));
    const [answer] = await until(1, (frame) => frame.answer === call);
    return answer as Frame;
  };
  return { socket, frames, until, ask, ended };
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

const places: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of places.splice(0).reverse()) await end();
});

async function fake(options: Partial<NodeOptions> = {}): Promise<TestNode> {
  const node = await startFake(options);
  places.push(() => node.close());
  return node;
}

async function real(directory?: string): Promise<Node & { token: string; stop(): Promise<void> }> {
  const place = directory ?? shared().path;
  const node = await startNode({
    directory: `${place}/data`,
    config: `${place}/config`,
    state: `${place}/state`,
    as: 'kai',
    port: 0,
    log: openLog('error'),
  });
  places.push(() => node.close());
  return { ...node, directory: place, token: tokenOf(node.directory, 'kai'), stop: () => node.close() };
}

describe('/v1/stream', () => {
  it('sends the frames that /v1/events sends, with its cursors as ids', async () => {
    const node = await fake();
    const sse = await follow(`${node.url}/v1/events`, node.token);
    const ws = await connect(node, '/v1/stream', bearer(node.token));
    // Both are open when each has answered something.
    await ws.ask(1, { method: 'GET', path: '/v1/status' });
    node.fake.emit(3);
    const frames = await ws.until(3);
    const events = await sse.until(3);
    expect(frames).toEqual(
      events.map(({ id, event, data }) => ({ id, event, data: JSON.parse(data) as unknown })),
    );
    const again = await connect(node, `/v1/stream?since=${frames[0]?.id}`, bearer(node.token));
    expect(await again.until(2)).toEqual(frames.slice(1));
    sse.close();
  });

  it('takes requests of /v1 as frames, many at a time, with their errors', async () => {
    const node = await real();
    const ws = await connect(node, '/v1/stream', {}, ['coterie', `token.${node.token}`]);
    expect(ws.socket.protocol).toBe('coterie');
    const post = { method: 'POST', path: '/v1/channels/general/messages', body: { text: 'hé' }, key: 'clé' };
    const [first, repeat] = await Promise.all([ws.ask(1, post), ws.ask(2, post)]);
    expect(first).toMatchObject({ status: 201, body: { text: 'hé' } });
    expect(repeat.body?.id).toBe(first.body?.id);
    const [event] = await ws.until(1, ({ event }) => event === 'message.create');
    expect(event?.data?.body?.text).toBe('hé');
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        ws.ask(10 + n, { ...post, key: `k${n}`, body: { text: `${n}` } }),
      ),
    );
    expect(new Set(all.map(({ body }) => body?.id)).size).toBe(100);
    const read = await ws.ask(3, {
      method: 'GET',
      path: '/v1/channels/general/messages?limit=1&fields=text',
    });
    expect(read).toEqual({
      answer: 3,
      status: 200,
      body: { items: [{ text: '99' }], next: expect.any(String) },
    });
    const wrong: [object, number, string][] = [
      [{ method: 'GET', path: '/v1/nowhere' }, 404, 'no_route'],
      [{ method: 'PUT', path: '/v1/tasks' }, 405, 'bad_method'],
      [{ method: 'GET', path: '/v1/events' }, 501, 'unsupported'],
      [{ method: 'POST', path: '/v1/tasks', body: { titel: 'x' } }, 400, 'invalid'],
      [{ method: 'GET', path: '/healthz' }, 404, 'no_route'],
      [{ method: 'GET' }, 400, 'invalid'],
      [{ ...post, body: { text: 'another' } }, 409, 'key_reused'],
    ];
    for (const [n, [command, , code]] of wrong.entries()) {
      const answer = await ws.ask(200 + n, command);
      expect([answer.body?.error?.code, answer.answer], JSON.stringify(command)).toEqual([code, 200 + n]);
    }
    ws.socket.send('{"call": 5, ');
    const [broken] = await ws.until(1, ({ answer }) => answer === null);
    expect(broken?.body?.error?.code).toBe('invalid_json');
    // It goes on all the same.
    expect((await ws.ask(6, { method: 'GET', path: '/v1/status' })).status).toBe(200);
  });

  it('who goes has hung up on what it waits for', async () => {
    const node = await fake();
    const ws = await connect(node, '/v1/stream', bearer(node.token));
    let release = (): void => undefined;
    node.fake.hold(
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    ws.socket.send(JSON.stringify({ call: 1, method: 'POST', path: '/v1/tasks/task-1/claim', body: {} }));
    const claim = await vi.waitUntil(() => node.fake.asked.find(({ verb }) => verb === 'tasks.claim'));
    const [, , { signal }] = claim.input as [string, object, { signal: AbortSignal }];
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    ws.socket.terminate();
    await aborted;
    release();
  });

  it('refuses strangers, unknown cursors and unknown fields before or as it opens', async () => {
    const node = await fake();
    await expect(connect(node, '/v1/stream', {})).rejects.toThrow(/401 .*unauthorized/);
    await expect(connect(node, '/v1/stream', bearer('x'))).rejects.toThrow(/401 .*unauthorized/);
    await expect(connect(node, '/v1/stream?color=red', bearer(node.token))).rejects.toThrow(/400 .*invalid/);
    const origin = { ...bearer(node.token), origin: 'http://example.com' };
    await expect(connect(node, '/v1/stream', origin)).rejects.toThrow(/403 .*bad_host/);
    const lost = await connect(node, '/v1/stream?since=zzz.9', bearer(node.token));
    const [error] = await lost.until(1, ({ event }) => event === 'error');
    expect(error?.data).toMatchObject({ error: { code: 'cursor_unknown' } });
    expect((await lost.ended)[0]).toBe(1000);
    const binary = await connect(node, '/v1/stream', bearer(node.token));
    binary.socket.send(Buffer.from([1, 2, 3]));
    expect((await binary.ended)[0]).toBe(4400);
  });

  it('goes on from the last id after the node was stopped and started', async () => {
    const node = await real();
    const ws = await connect(node, '/v1/stream', bearer(node.token));
    for (const n of [1, 2])
      await ws.ask(n, { method: 'POST', path: '/v1/channels/dev/messages', body: { text: `${n}` } });
    const seen = await ws.until(2, ({ event }) => event === 'message.create');
    await node.stop();
    expect(await ws.until(1, ({ event }) => event === 'closing')).toHaveLength(1);
    expect((await ws.ended)[0]).toBe(4501);
    const next = await real(node.directory);
    await next.replica.messages.post('dev', { text: '3' });
    const again = await connect(next, `/v1/stream?since=${seen[0]?.id}`, bearer(next.token));
    const texts = (await again.until(2, ({ event }) => event === 'message.create')).map(
      ({ data }) => data?.body?.text,
    );
    expect(texts).toEqual(['2', '3']);
  });

  it('tells a reader that takes nothing that it lagged, and cuts one that answers nothing', async () => {
    const node = await fake({ streams: { bufferBytes: 1024, patience: 100, heartbeat: 200 } });
    const slow = await connect(node, '/v1/stream', bearer(node.token));
    await slow.ask(1, { method: 'GET', path: '/v1/status' });
    const raw = (slow.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    raw.pause();
    node.fake.emit(2000, 'x'.repeat(32 * 1024));
    await vi.waitFor(async () => {
      const { text } = await ask(`${node.url}/metrics`);
      expect(text).toMatch(/lagged_total 1\n/);
    }, 10_000);
    raw.resume();
    const [code] = await slow.ended;
    expect([1000, 1006]).toContain(code);
    const ids = slow.frames.flatMap(({ id }) => (id === undefined ? [] : [Number(id.split('.')[1])]));
    expect(ids).toEqual(ids.map((_, at) => (ids[0] ?? 0) + at));
    expect(ids.length).toBeLessThan(2000);
  });
});
