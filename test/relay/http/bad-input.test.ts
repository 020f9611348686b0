import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { tokenOf } from '../../../relay/node/tokens.ts';
import type { Message, Status } from '../../../schemas/index.ts';
import { type NodeOfOwn, nodeForTest, nodeIn } from '../../support/node.ts';
import { scratch, shared } from '../../support/scratch.ts';
import { type Answered, ask } from './support.ts';

const place = shared();
const other = shared();
let node: NodeOfOwn['node'];
/** A node of another workspace. */
let foreign: NodeOfOwn['node'];
/** Tokens by handle. */
let token: (handle: string, of?: NodeOfOwn['node']) => string;

beforeAll(async () => {
  ({ node } = await nodeIn(place.path));
  ({ node: foreign } = await nodeIn(other.path));
  token = (handle, { directory } = node) => tokenOf(directory, handle);
  for (const url of [node, foreign]) await post('kai', { text: 'first' }, {}, url);
  await post('rin', { text: 'me too' });
});
afterAll(async () => {
  for (const one of [node, foreign]) await one.close();
  for (const one of [place, other]) one.remove();
});

function post(as: string, json: object, headers: Record<string, string> = {}, at = node): Promise<Answered> {
  const url = `${at.url}/v1/channels/general/messages`;
  return ask(url, { method: 'POST', token: token(as, at), headers, json });
}
const get = (path: string, as = 'kai', at = node) => ask(`${at.url}/v1/${path}`, { token: token(as, at) });
const write = (method: string, path: string, as: string, json?: object) =>
  ask(`${node.url}/v1/${path}`, { method, token: token(as), json });

const message = (answer: Answered) => answer.body as Message;
const texts = async (): Promise<(string | null)[]> =>
  ((await get('channels/general/messages?limit=1000')).body as { items: Message[] }).items.map(
    ({ text }) => text,
  );
const refusal = ({ status, body }: Answered): [number, string] => [
  status,
  (body as { error: { code: string } }).error.code,
];

describe('a token', () => {
  it.each(['', 'x', 'A'.repeat(43)])(
    'that is none, as %j, opens nothing and is not said again',
    async (wrong) => {
      for (const path of ['status', 'channels/general/messages', 'events', 'inbox', 'replicas', 'nowhere']) {
        const answer = await ask(`${node.url}/v1/${path}`, { token: wrong });
        expect(refusal(answer)).toEqual([401, 'unauthorized']);
        if (wrong.length > 1) expect(answer.text).not.toContain(wrong);
      }
    },
  );

  it('of another workspace opens nothing', async () => {
    const answer = await ask(`${node.url}/v1/status`, { token: token('kai', foreign) });
    expect(refusal(answer)).toEqual([401, 'unauthorized']);
  });

  it('of another member speaks for that one alone', async () => {
    const { id } = message(await post('kai', { text: 'of kai' }, { 'idempotency-key': 'mine' }));
    expect(refusal(await write('PATCH', `messages/${id}`, 'rin', { text: 'of rin' }))).toEqual([
      403,
      'forbidden',
    ]);
    expect(refusal(await write('DELETE', `messages/${id}`, 'rin'))).toEqual([403, 'forbidden']);
    expect(message(await get(`messages/${id}`))).toMatchObject({ text: 'of kai', author: { handle: 'kai' } });
    // A key is the member's: the same one of another tells nothing of the first.
    const same = await post('rin', { text: 'of rin' }, { 'idempotency-key': 'mine' });
    expect([same.status, message(same).author.handle]).toEqual([201, 'rin']);
    // Nobody's name is said for another.
    expect(refusal(await post('rin', { text: 'x', author: 'kai' }))).toEqual([400, 'invalid']);
  });

  it('of another member ends no claim and acknowledges nothing of it', async () => {
    const { id } = (await write('POST', 'tasks', 'kai', { title: 'Held' })).body as { id: string };
    expect((await write('POST', `tasks/${id}/claim`, 'kai', { need: 'granted' })).status).toBe(200);
    for (const verb of ['claim', 'renew', 'release']) {
      const [status, code] = refusal(await write('POST', `tasks/${id}/${verb}`, 'rin', {}));
      expect([verb, status, code]).toEqual([verb, 409, expect.stringMatching(/^(?:held|not_held)$/)]);
    }
    expect((await get(`tasks/${id}`)).body).toMatchObject({ claim: { by: { handle: 'kai' } } });
    const { receipt } = (await get('catch-up')).body as { receipt: string };
    expect(refusal(await write('POST', 'acks', 'rin', { receipt }))).toEqual([409, 'receipt_unknown']);
  });
});

describe('an idempotency key', () => {
  it('that comes again with another body is a conflict that shows the first', async () => {
    const key = { 'idempotency-key': 'said once' };
    const { id } = message(await post('kai', { text: 'said once' }, key));
    const again = await post('kai', { text: 'said twice' }, key);
    expect(refusal(again)).toEqual([409, 'key_reused']);
    expect(again.body).toMatchObject({ error: { message: expect.stringContaining(id), legal: [id] } });
    expect(message(await get(`messages/${id}`)).text).toBe('said once');
    // Another verb under it is another request too.
    const url = `${node.url}/v1/tasks`;
    const task = await ask(url, { method: 'POST', token: token('kai'), headers: key, json: { title: 'x' } });
    expect(task.body).toMatchObject({ error: { code: 'key_reused', legal: [id] } });
    expect((await texts()).filter((text) => text?.startsWith('said'))).toEqual(['said once']);
  });
});

describe('a cursor', () => {
  it('of another workspace, of the future or of no feed is none, on every stream and list of the feed', async () => {
    const { cursor } = (await get('status')).body as Status;
    const theirs = ((await get('status', 'kai', foreign)).body as Status).cursor;
    const [epoch = '', number = ''] = cursor.split('.');
    const future = `${epoch}.${Number(number) + 1_000_000}`;
    for (const wrong of [theirs, future, 'nonsense', `${epoch}.-1`, `${epoch}.1e3`])
      for (const path of ['events?since', 'activity?cursor'])
        expect([wrong, ...refusal(await get(`${path}=${encodeURIComponent(wrong)}`))]).toEqual([
          wrong,
          409,
          'cursor_unknown',
        ]);
    const resumed = await ask(`${node.url}/v1/events`, {
      token: token('kai'),
      headers: { 'last-event-id': theirs },
    });
    expect(refusal(resumed)).toEqual([409, 'cursor_unknown']);
  });

  it('of a list of another workspace is none', async () => {
    const write = (path: string, body: object, at: typeof node) =>
      ask(`${at.url}/v1/${path}`, { method: 'POST', token: token('kai', at), json: body });
    const lists = ['channels/general/messages', 'tasks', 'tasks/ready', 'memory', 'channels', 'members'];
    for (const at of [node, foreign])
      for (const text of ['one', 'two', 'three']) {
        await post('kai', { text }, {}, at);
        await post('rin', { text }, {}, at);
        await write('tasks', { title: text }, at);
        await write('memory', { text }, at);
      }
    const ofList = async (list: string) => ((await get(`${list}?limit=1`)).body as { next: string }).next;
    for (const list of lists) {
      const next = async (at: typeof node) =>
        ((await get(`${list}?limit=1`, 'kai', at)).body as { next: string }).next;
      const page = (cursor: string) => get(`${list}?limit=1&cursor=${encodeURIComponent(cursor)}`);
      expect([list, (await page(await next(node))).status]).toEqual([list, 200]);
      // The channels that every workspace has, and members of one machine, are the same in both.
      if (!['channels', 'members'].includes(list))
        expect([list, ...refusal(await page(await next(foreign)))]).toEqual([list, 400, 'invalid']);
      expect([list, ...refusal(await page('zzz'))]).toEqual([list, 400, 'invalid']);
      for (const other of lists.filter((one) => one !== list))
        expect([list, other, ...refusal(await get(`${list}?cursor=${await ofList(other)}`))]).toEqual([
          list,
          other,
          400,
          'invalid',
        ]);
    }
  });

  it('of events is told before the stream where a type is none', async () => {
    expect(refusal(await get('events?types=nosuch.*'))).toEqual([400, 'invalid']);
  });
});

/** What is said on a socket of its own, and all that came back once it is closed. */
function speaking(port: number): {
  readonly socket: Socket;
  readonly said: Promise<string>;
  heard(part: RegExp): Promise<void>;
} {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    socket.emit('heard');
  });
  socket.on('error', () => undefined);
  // The other side's end is the end.
  socket.on('end', () => socket.end());
  return {
    socket,
    said: once(socket, 'close').then(() => text),
    async heard(part) {
      while (!part.test(text)) await once(socket, 'heard');
    },
  };
}

const head = (port: number, method: string, path: string, as: string, more: string[] = []) =>
  [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${as}`,
    ...more,
    '',
    '',
  ].join('\r\n');
const json = (length: number, ...more: string[]) => [
  'Content-Type: application/json',
  `Content-Length: ${length}`,
  ...more,
];
const path = '/v1/channels/general/messages';

describe('a connection', () => {
  it('that ends within a body stores nothing', async () => {
    for (const end of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const { socket, said } = speaking(node.port);
      socket.write(`${head(node.port, 'POST', path, token('kai'), json(100))}{"text":"cut off"}`);
      await once(socket, 'connect');
      end(socket);
      expect(await said).not.toMatch(/ 20[01] /);
    }
    expect(await texts()).not.toContain('cut off');
    expect((await get('status')).status).toBe(200);
  });

  it.each([
    ['head', (port: number, as: string) => head(port, 'POST', path, as, json(20)).slice(0, -2)],
    ['body', (port: number, as: string) => `${head(port, 'POST', path, as, json(20))}{"text":"too slow`],
  ])(
    'whose %s takes too long is told so and closed; nothing is stored, and others are answered',
    async (_, part) => {
      const { node: slow } = await nodeIn(scratch(), { arrival: { headers: 500, request: 700, look: 20 } });
      onTestFinished(() => slow.close());
      const { socket, said } = speaking(slow.port);
      socket.write(part(slow.port, token('kai', slow)));
      await once(socket, 'connect');
      expect((await post('kai', { text: 'in time' }, {}, slow)).status).toBe(201);
      expect(await said).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n.*"code":"too_slow"/s);
      const { items } = (await get('channels/general/messages', 'kai', slow)).body as { items: Message[] };
      expect(items.map(({ text }) => text)).toEqual(['in time']);
    },
  );

  it('whose reader has closed its half gets its answer all the same', async () => {
    const body = JSON.stringify({ text: 'half closed' });
    const { socket, said } = speaking(node.port);
    socket.end(head(node.port, 'POST', path, token('kai'), json(Buffer.byteLength(body))) + body);
    expect(await said).toMatch(/^HTTP\/1\.1 201 /);
    expect((await texts()).filter((text) => text === 'half closed')).toHaveLength(1);
  });

  it('whose reader has closed its half of a stream is let go', async () => {
    const { node: own } = await nodeForTest();
    const streams = async () =>
      /^coterie_streams_open(?:\{[^}]*\})? (\d+)$/m.exec((await ask(`${own.url}/metrics`)).text)?.[1];
    const { socket, said, heard } = speaking(own.port);
    socket.write(head(own.port, 'GET', '/v1/events?since=0', token('kai', own)));
    await heard(/message\.create/);
    expect(await streams()).toBe('1');
    socket.end();
    expect(await said).toMatch(/^HTTP\/1\.1 200 /);
    expect(await streams()).toBe('0');
  });
});
