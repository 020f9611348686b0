import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Event } from '../../../schemas/index.ts';
import { ask, follow, startFake, type TestNode } from './support.ts';

let node: TestNode;
beforeEach(async () => {
  node = await startFake({ streams: { heartbeat: 20, bufferBytes: 64 * 1024, patience: 100, count: 3 } });
});
afterEach(() => node.close());

const url = (query = ''): string => `${node.url}/v1/events${query}`;
const numbers = (events: readonly { id?: string | undefined }[]): number[] =>
  events.map(({ id }) => Number(id?.split('.')[1]));
const upTo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('the stream of events', () => {
  it('begins now, with headers at once, and sends each event with its cursor and name', async () => {
    node.fake.emit(3);
    const stream = await follow(url(), node.token);
    expect(stream.status).toBe(200);
    expect(stream.response.headers['content-type']).toContain('text/event-stream');
    expect(stream.response.headers['cache-control']).toContain('no-');
    node.fake.emit(2);
    const [first, second] = await stream.until(2);
    expect(numbers([first!, second!])).toEqual([4, 5]);
    expect(first!.event).toBe('message.post');
    expect(Event.parse(JSON.parse(first!.data)).cursor).toBe(first!.id);
    stream.close();
  });

  it('resumes beyond `since`, beyond `Last-Event-ID` before it, and from the beginning', async () => {
    node.fake.emit(300);
    const all = await follow(url('?since=0'), node.token);
    expect(numbers(await all.until(300))).toEqual(upTo(1, 300));
    const some = await follow(url('?since=e1.298'), node.token);
    expect(numbers(await some.until(2))).toEqual([299, 300]);
    const resumed = await follow(url('?since=e1.1'), node.token, { 'last-event-id': 'e1.299' });
    expect(numbers(await resumed.until(1))).toEqual([300]);
    node.fake.emit(1);
    for (const stream of [all, some, resumed]) {
      const events = await stream.until(
        stream.events.length + (numbers(stream.events).at(-1) === 301 ? 0 : 1),
      );
      expect(numbers(events).at(-1)).toBe(301);
      stream.close();
    }
  });

  it('passes filters on', async () => {
    const stream = await follow(
      url('?since=0&types=task.create&channels=&members=kai'.replace('channels=&', '')),
      node.token,
    );
    node.fake.emit(2);
    await node.fake.tasks.create({ title: 't' });
    const [event] = await stream.until(1);
    expect(event!.event).toBe('task.create');
    stream.close();
  });

  it('refuses a cursor that is not known before it begins, and unknown fields', async () => {
    for (const cursor of ['e2.0', 'e1.5', 'x']) {
      const stream = await follow(url(`?since=${cursor}`), node.token);
      expect(stream.status).toBe(409);
      await stream.ended;
      const answer = await ask(url(`?since=${cursor}`), { token: node.token });
      expect(answer.body).toMatchObject({ error: { code: 'cursor_unknown' } });
    }
    for (const query of ['?padding=1', '?lastEventId=1', '?evs_preamble=', '?since=0&since=1'])
      expect((await ask(url(query), { token: node.token })).status).toBe(400);
    expect((await ask(url())).status).toBe(401);
  });

  it('keeps a silent stream alive with comments', async () => {
    const stream = await follow(url(), node.token);
    while (stream.comments.length < 2) await once(stream.response, 'data');
    expect(stream.events).toEqual([]);
    stream.close();
  });

  it('ends what it follows when the reader goes', async () => {
    const stream = await follow(url(), node.token);
    expect((await ask(`${node.url}/metrics`)).text).toContain('coterie_streams_open 1\n');
    stream.close();
    for (;;) {
      const { text } = await ask(`${node.url}/metrics`);
      if (text.includes('coterie_streams_open 0\n')) break;
    }
  });

  it('limits how many are open', async () => {
    const open = await Promise.all([1, 2, 3].map(() => follow(url(), node.token)));
    const answer = await ask(url(), { token: node.token });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ error: { code: 'busy' } });
    for (const stream of open) stream.close();
  });

  it('tells a reader that takes nothing that it lagged, and loses nothing for it', async () => {
    const socket = connect(node.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(
      `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${node.port}\r\nAuthorization: Bearer ${node.token}\r\n\r\n`,
    );
    while (!text.includes('retry')) await once(socket, 'data');
    socket.pause();
    // More than both sockets hold in their kernel buffers.
    node.fake.emit(400, 'x'.repeat(32 * 1024));
    for (;;) {
      const { text: counted } = await ask(`${node.url}/metrics`);
      if (counted.includes('coterie_streams_lagged_total 1\n')) break;
    }
    socket.resume();
    await once(socket, 'end');
    const ids = [...text.matchAll(/^id:e1\.(\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(400);
    expect(ids).toEqual(upTo(1, ids.length));
    expect(text).toMatch(/event:lagged\r?\ndata:/);
    socket.destroy();
    // On a busy machine whoever resumes may lag as well, and resumes again.
    const all = [...ids];
    while (all.length < 400) {
      const resumed = await follow(url(), node.token, { 'last-event-id': `e1.${all.length}` });
      await resumed.until(400 - all.length).catch(() => undefined);
      all.push(...numbers(resumed.events.filter(({ event }) => event !== 'lagged')));
      resumed.close();
    }
    expect(all).toEqual(upTo(1, 400));
  });
});

describe('long work', () => {
  const post = (work: string, json: unknown) =>
    ask(`${node.url}/v1/admin/${work}`, { method: 'POST', token: node.token, json });
  const lines = (text: string): Record<string, unknown>[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  const works: [string, unknown, object][] = [
    ['import', { format: 'slack', path: '/x.zip' }, { format: 'slack', setAside: [] }],
    ['export', { directory: '/out' }, { directory: '/out' }],
    ['backup', { directory: '/out' }, { directory: '/out', bytes: 1 }],
    ['compact', { keep: 5 }, { before: 2, after: 1 }],
    ['compact', undefined, { before: 2, after: 1 }],
    ['doctor', undefined, { ok: true }],
  ];
  for (const [work, json, result] of works)
    it(`${work} ${json === undefined ? 'without' : 'with'} a body: progress, then its result`, async () => {
      const answer = await post(work, json);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/x-ndjson');
      const said = lines(answer.text);
      expect(said[0]).toEqual({ progress: { stage: 'reading', done: 0, total: 2 } });
      expect(said.at(-1)).toMatchObject({ result });
    });

  it('fails with a status before the first line, and with a line after it', async () => {
    const early = await post('import', { format: 'slack', path: '/none' });
    expect([early.status, early.body]).toMatchObject([422, { error: { code: 'import_invalid' } }]);
    const late = await post('import', { format: 'slack', path: '/late' });
    expect(late.status).toBe(200);
    expect(lines(late.text).at(-1)).toMatchObject({ error: { code: 'import_unsafe' } });
    expect((await post('import', { format: 'other', path: 'x' })).status).toBe(400);
    expect((await post('doctor', { deep: true })).status).toBe(400);
  });
});
