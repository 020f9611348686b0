import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Node } from '../../../relay/node/node.ts';
import { tokenFile, tokenOf } from '../../../relay/node/tokens.ts';
import type { Login } from '../../../schemas/index.ts';
import { type Answered, ask } from '../http/support.ts';
import { nodeAt } from '../proof/at.ts';

const ends: (() => void | Promise<void>)[] = [];
let node: Node;
let token: string;
beforeAll(async () => {
  ({ node } = await nodeAt((end) => ends.unshift(end)));
  token = tokenOf(node.directory, 'kai');
});
afterAll(async () => {
  for (const end of ends) await end();
});

const code = ({ body }: Answered): string | undefined =>
  (body as { error?: { code: string } } | undefined)?.error?.code;

async function loginOf(by = token): Promise<string> {
  const made = await ask(`${node.url}/v1/sessions`, { method: 'POST', token: by });
  return /#t=(.+)$/.exec((made.body as Login).url)?.[1] ?? '';
}

const begin = (login: string, headers: Record<string, string> = { origin: node.url }): Promise<Answered> =>
  ask(`${node.url}/v1/session`, { method: 'POST', json: { login }, headers });

/** The cookie of a fresh session. */
async function cookieOf(by = token): Promise<string> {
  const begun = await begin(await loginOf(by));
  return String(begun.headers['set-cookie']?.[0]).split(';', 1)[0] ?? '';
}

describe('the session of a page', () => {
  it('RLY-30: is begun once with what stands behind # in the URL that was made', async () => {
    const login = await loginOf();
    const begun = await begin(login);
    expect([begun.status, begun.body]).toMatchObject([
      201,
      { handle: 'kai', role: 'owner', session: { current: true } },
    ]);
    const again = await begin(login);
    expect([again.status, code(again), again.headers['set-cookie']]).toEqual([
      401,
      'unauthorized',
      undefined,
    ]);
    expect(String(begun.headers['set-cookie'])).toMatch(
      new RegExp(
        `^coterie-${node.port}=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`,
      ),
    );
  });

  it('RLY-30: only a page of the node itself begins one', async () => {
    const login = await loginOf();
    for (const headers of [
      {},
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
    ] as Record<string, string>[]) {
      const refused = await begin(login, headers);
      expect([headers, refused.status, code(refused)]).toEqual([headers, 403, 'bad_host']);
    }
    const form = await ask(`${node.url}/v1/session`, {
      method: 'POST',
      headers: { origin: node.url, 'content-type': 'text/plain' },
      body: JSON.stringify({ login }),
    });
    expect([form.status, code(form)]).toEqual([400, 'invalid_json']);
    expect((await begin(login, { 'sec-fetch-site': 'same-origin' })).status).toBe(201);
  });

  it('RLY-31: says who asks, what is open, and ends one or all', async () => {
    const mine = tokenOf(node.directory, 'sam');
    await node.replica.as('sam').messages.post('general', { text: 'hi' });
    const [one, other] = [await cookieOf(mine), await cookieOf(mine)];
    const get = (cookie: string, path = 'session') => ask(`${node.url}/v1/${path}`, { headers: { cookie } });
    expect((await get(one)).body).toMatchObject({
      handle: 'sam',
      role: 'member',
      session: { current: true },
    });
    const { items } = (await get(one, 'sessions')).body as { items: { current: boolean }[] };
    expect(items.map(({ current }) => current)).toEqual([false, true]);
    expect((await ask(`${node.url}/v1/session`, { token: mine })).body).toMatchObject({ session: null });
    const end = (path: string, headers: Record<string, string>, by?: string) =>
      ask(`${node.url}/v1/${path}`, { method: 'DELETE', headers, token: by });
    const left = await end('session', { cookie: one, origin: node.url });
    expect([left.status, (left.body as { items: unknown[] }).items.length]).toEqual([200, 1]);
    expect(String(left.headers['set-cookie'])).toMatch(/^coterie-\d+=; Path=\/; Max-Age=0; HttpOnly/);
    expect([(await get(one)).status, (await get(other)).status]).toEqual([401, 200]);
    await end('session', {}, mine);
    expect((await get(other)).status).toBe(401);
    const [two, three] = [await cookieOf(mine), await cookieOf(mine)];
    await end('session?all=true', { cookie: two, 'sec-fetch-site': 'same-origin' });
    expect([(await get(two)).status, (await get(three)).status]).toEqual([401, 401]);
  });

  it('RLY-31: makes no login for another, and a token goes before it', async () => {
    const cookie = await cookieOf();
    const made = await ask(`${node.url}/v1/sessions`, {
      method: 'POST',
      headers: { cookie, origin: node.url },
    });
    expect([made.status, code(made)]).toEqual([403, 'forbidden']);
    const wrong = await ask(`${node.url}/v1/session`, { token: 'A'.repeat(43), headers: { cookie } });
    expect([wrong.status, code(wrong)]).toEqual([401, 'unauthorized']);
    const basic = await ask(`${node.url}/v1/session`, { headers: { cookie, authorization: 'Basic eDp5' } });
    expect(basic.status).toBe(401);
    const sam = await ask(`${node.url}/v1/session`, {
      token: tokenOf(node.directory, 'sam'),
      headers: { cookie },
    });
    expect(sam.body).toMatchObject({ handle: 'sam', session: null });
    const doubled = await ask(`${node.url}/v1/session`, { headers: { cookie: `${cookie}; ${cookie}` } });
    expect(doubled.status).toBe(401);
  });
});

type Headers = Record<string, string>;

/** A way to ask a door, and whether the door let it in. */
interface Way {
  readonly door: string;
  readonly manner: 'read' | 'write' | 'stream' | 'socket';
  ask(headers: Headers): Promise<boolean>;
}

const http = (door: string, manner: Way['manner'], path: string, asked: Parameters<typeof ask>[1]): Way => ({
  door,
  manner,
  async ask(headers) {
    const answer = await ask(node.url + path, { ...asked, headers: { ...asked?.headers, ...headers } });
    expect([200, 201, 401, 403]).toContain(answer.status);
    return answer.status < 300;
  },
});

const socket = (door: string, path: () => string, hello: string): Way => ({
  door,
  manner: 'socket',
  async ask(headers) {
    const ws = new WebSocket(node.url.replace('http', 'ws') + path(), ['coterie'], { headers });
    const closed = new Promise<number>((resolve) => ws.once('close', resolve));
    const failed = new Promise<boolean>((resolve) => ws.once('error', () => resolve(false)));
    const said = new Promise<boolean>((resolve) => ws.once('message', () => resolve(true)));
    ws.once('open', () => {
      if (hello !== '') ws.send(hello);
    });
    const sent = await Promise.race([said, failed, closed.then((at) => at < 4400 || at > 4499)]);
    ws.terminate();
    return sent;
  },
});

const rpc = {
  json: {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'page', version: '1' } },
  },
};
const accept = { accept: 'application/json, text/event-stream' };

const ways: Way[] = [
  http('GET /v1/status', 'read', '/v1/status', {}),
  http('POST /v1/channels/…/messages', 'write', '/v1/channels/general/messages', {
    method: 'POST',
    json: { text: 'by a page' },
  }),
  {
    door: 'GET /v1/events',
    manner: 'stream',
    ask: (headers) =>
      new Promise((resolve, reject) => {
        const asked = request(`${node.url}/v1/events`, { agent: false, headers });
        asked.once('error', reject);
        asked.once('response', ({ statusCode }) => {
          asked.off('error', reject).on('error', () => undefined);
          asked.destroy();
          resolve(statusCode === 200);
        });
        asked.end();
      }),
  },
  http('POST /mcp', 'write', '/mcp', { method: 'POST', ...rpc, headers: accept }),
  socket('/v1/stream', () => '/v1/stream', '{"call":1,"method":"GET","path":"/v1/session"}'),
  socket('/sync', () => `/sync/${node.replica.workspace.id}/pad/plan`, ''),
];

describe('the cookie of a page at each door', () => {
  const froms: [string, () => Headers, Partial<Record<Way['manner'], boolean>>][] = [
    [
      'its own page, by Origin',
      () => ({ origin: node.url }),
      { read: true, write: true, stream: true, socket: true },
    ],
    [
      'its own page, by Sec-Fetch-Site',
      () => ({ 'sec-fetch-site': 'same-origin' }),
      { read: true, write: true, stream: true },
    ],
    ['no page that says so', () => ({}), { read: true }],
    ['the person, who typed the address', () => ({ 'sec-fetch-site': 'none' }), { read: true }],
    ['a page of another port', () => ({ 'sec-fetch-site': 'same-site' }), {}],
    ['another site', () => ({ 'sec-fetch-site': 'cross-site' }), {}],
    ['another site, by Origin', () => ({ origin: 'http://evil.example' }), {}],
    ['a page without an origin', () => ({ origin: 'null' }), {}],
  ];
  for (const way of ways)
    for (const [from, headers, lets] of froms) {
      // Sockets carry an Origin in every browser, and nothing else is looked at.
      const wanted = lets[way.manner] ?? false;
      it(`RLY-32: ${way.door} from ${from} is ${wanted ? 'let in' : 'refused'}`, async () => {
        const cookie = await cookieOf();
        expect(await way.ask({ cookie, ...headers() })).toBe(wanted);
        expect(await way.ask({ cookie: 'x=y', ...headers() })).toBe(false);
      });
    }

  it('RLY-32: at /mux it says nothing: who opens a link proves a key', async () => {
    const cookie = await cookieOf();
    const ws = new WebSocket(`${node.url.replace('http', 'ws')}/mux`, {
      headers: { cookie, origin: node.url },
    });
    onTestFinished(() => ws.terminate());
    await once(ws, 'open');
    ws.send('{}');
    const [closed] = (await once(ws, 'close')) as [number];
    expect(closed).not.toBe(1000);
  });
});

describe('what ends a session', () => {
  it('RLY-31: logging out ends its streams and sockets, and of others none', async () => {
    const [cookie, other] = [await cookieOf(), await cookieOf()];
    const open = async (of: string): Promise<WebSocket> => {
      const ws = new WebSocket(`${node.url.replace('http', 'ws')}/v1/stream`, ['coterie'], {
        headers: { cookie: of, origin: node.url },
      });
      onTestFinished(() => ws.terminate());
      await once(ws, 'open');
      return ws;
    };
    const [mine, theirs] = [await open(cookie), await open(other)];
    const closed = once(mine, 'close');
    await ask(`${node.url}/v1/session`, { method: 'DELETE', headers: { cookie, origin: node.url } });
    expect((await closed)[0]).toBe(4401);
    expect(theirs.readyState).toBe(WebSocket.OPEN);
  });

  it.skipIf(process.platform === 'win32')('RLY-31: so does taking the token away', async () => {
    const lee = tokenOf(node.directory, 'lee');
    await node.replica.as('lee').messages.post('general', { text: 'hi' });
    const cookie = await cookieOf(lee);
    const login = await loginOf(lee);
    const get = async () => (await ask(`${node.url}/v1/session`, { headers: { cookie } })).status;
    expect(await get()).toBe(200);
    rmSync(tokenFile(node.directory, 'lee'));
    expect(await get()).toBe(401);
    expect((await begin(login)).status).toBe(401);
  });
});
