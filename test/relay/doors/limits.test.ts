import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Asker } from '../../../relay/http/address.ts';
import { openGuard } from '../../../relay/http/guard.ts';
import { openShares } from '../../../relay/http/shares.ts';
import { openCrowd } from '../../../relay/rooms/crowd.ts';
import { CoterieError } from '../../../schemas/index.ts';
import { type Answered, ask, startFake, type TestNode } from '../http/support.ts';

const away = (address: string): Asker => ({ address, here: false });
const here: Asker = { address: '127.0.0.1', here: true };
const rate = (requests: number) => ({ requests, seconds: 60 });
const few = { wrong: rate(3), wrongHere: rate(5), open: rate(3), openHere: rate(5) };
const limited = expect.objectContaining({ code: 'rate_limited' }) as Error;
const unauthorized = new CoterieError('unauthorized', 'wrong');

describe('limits of an address', () => {
  it('RLY-34: after so much that is wrong nothing that it shows is looked at, of others it is', async () => {
    const guard = openGuard(few);
    const eve = away('203.0.113.1');
    for (let turn = 0; turn < 3; turn++) {
      await guard.look(eve, `guess ${turn}`);
      expect(await guard.wrong(eve, unauthorized)).toBe(unauthorized);
    }
    await expect(guard.look(eve, 'guess 4')).rejects.toThrow(limited);
    // Nor is what would be right.
    await expect(guard.look(eve, 'right')).rejects.toThrow(limited);
    await guard.look(away('203.0.113.2'), 'right');
    expect(await guard.wrong(eve, unauthorized)).toMatchObject({ code: 'rate_limited' });
  });

  it('RLY-34: what was right from there lately goes on to be let in, and only from there', async () => {
    let now = 0;
    const guard = openGuard(few, () => now);
    const office = away('203.0.113.1');
    guard.right(office, 'right');
    for (let turn = 0; turn < 3; turn++) await guard.wrong(office, unauthorized);
    await guard.look(office, 'right');
    await expect(guard.look(office, 'other')).rejects.toThrow(limited);
    now += 11 * 60_000;
    await expect(guard.look(office, 'right')).rejects.toThrow(limited);
  });

  it('RLY-34: programs of this machine are told, and never locked out', async () => {
    const guard = openGuard(few);
    for (let turn = 0; turn < 5; turn++) expect(await guard.wrong(here, unauthorized)).toBe(unauthorized);
    expect(await guard.wrong(here, unauthorized)).toMatchObject({ code: 'rate_limited' });
    await guard.look(here, 'right');
  });

  it('RLY-34: what failed otherwise counts nothing', async () => {
    const guard = openGuard(few);
    const eve = away('203.0.113.1');
    const failed = new CoterieError('storage_failed', 'no');
    for (let turn = 0; turn < 9; turn++) expect(await guard.wrong(eve, failed)).toBe(failed);
    await guard.look(eve, 'right');
  });

  it('RLY-34: questions that anybody may ask are counted by address', async () => {
    const guard = openGuard(few);
    for (let turn = 0; turn < 3; turn++) await guard.open(away('203.0.113.1'));
    await expect(guard.open(away('203.0.113.1'))).rejects.toThrow(limited);
    await guard.open(away('203.0.113.2'));
    for (let turn = 0; turn < 5; turn++) await guard.open(here);
    await expect(guard.open(here)).rejects.toThrow(limited);
  });
});

/** As much of a connection as is looked at. */
const socketOf = (remoteAddress: string): Socket & EventEmitter =>
  Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket & EventEmitter;

describe('shares of an address', () => {
  it('RLY-35: so many connections, but for this machine and a proxy that speaks for many', () => {
    const shares = openShares((address) => address === '10.0.0.1', { connections: 2, bytes: 0 });
    const open = ['203.0.113.1', '203.0.113.1', '2001:db8:1:2::3'].map(socketOf);
    expect(open.map((socket) => shares.connect(socket))).toEqual([true, true, true]);
    expect(shares.connect(socketOf('203.0.113.1'))).toBe(false);
    expect(shares.connect(socketOf('2001:db8:1:2:9::9'))).toBe(true);
    // The first 64 bits are one customer.
    expect(shares.connect(socketOf('2001:db8:1:2:8::8'))).toBe(false);
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1'])
      for (let turn = 0; turn < 4; turn++) expect(shares.connect(socketOf(address))).toBe(true);
    open[0]?.emit('close');
    expect(shares.connect(socketOf('203.0.113.1'))).toBe(true);
  });

  it('RLY-35: so many bytes that are on their way', () => {
    const shares = openShares(() => false, { connections: 0, bytes: 1_500_000 });
    const eve = away('203.0.113.1');
    const send = (headers: Record<string, string>, asker = eve) => {
      const outgoing = new EventEmitter();
      const incoming = { headers } as unknown as IncomingMessage;
      const refused = shares.send(incoming, outgoing as unknown as ServerResponse, asker);
      return { code: refused?.code, answer: () => outgoing.emit('close') };
    };
    const first = send({ 'content-length': '1000000' });
    expect(first.code).toBeUndefined();
    expect(send({ 'content-length': '600000' }).code).toBe('busy');
    // Nobody knows how much that will be.
    expect(send({ 'transfer-encoding': 'chunked' }).code).toBe('busy');
    expect(send({}).code).toBeUndefined();
    expect(send({ 'content-length': '600000' }, away('203.0.113.2')).code).toBeUndefined();
    expect(send({ 'content-length': '9000000' }, here).code).toBeUndefined();
    first.answer();
    // More than any body may have is refused later, and counts as that.
    expect(send({ 'content-length': '99000000' }).code).toBeUndefined();
  });

  it('RLY-35: so many sockets without a token', () => {
    const crowd = openCrowd(3, 2);
    const raw = (): Duplex & EventEmitter => new EventEmitter() as unknown as Duplex & EventEmitter;
    const mine = raw();
    expect(crowd.enter(mine, away('203.0.113.1'))).toBe(true);
    expect(crowd.enter(raw(), away('203.0.113.1'))).toBe(true);
    expect(crowd.enter(raw(), away('203.0.113.1'))).toBe(false);
    expect(crowd.enter(raw(), away('203.0.113.2'))).toBe(true);
    mine.emit('close');
    expect(crowd.enter(raw(), away('203.0.113.1'))).toBe(true);
    expect(crowd.enter(raw(), here)).toBe(false);
  });
});

describe('a node behind a proxy', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startFake({ outside: { proxy: { url: 'https://relay.example' } } });
  });
  afterAll(() => node.close());

  const from = (address: string): Record<string, string> => ({
    host: 'relay.example',
    'x-forwarded-for': address,
  });
  const status = (address: string, token?: string): Promise<Answered> =>
    ask(`${node.url}/v1/status`, { token, headers: from(address) });

  it('RLY-34: answers 429 with Retry-After to who shows too much that is wrong, at every door', async () => {
    await status('203.0.113.1', node.token);
    for (let turn = 0; turn < 30; turn++)
      expect((await status('203.0.113.1', String(turn).padStart(43, 'A'))).status).toBe(401);
    const refused = await status('203.0.113.1', 'A'.repeat(43));
    expect([refused.status, refused.body]).toMatchObject([429, { error: { code: 'rate_limited' } }]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    // Who was let in from there lately goes on; from elsewhere everybody.
    expect((await status('203.0.113.1', node.token)).status).toBe(200);
    expect((await status('203.0.113.2', node.token)).status).toBe(200);
    expect((await ask(`${node.url}/v1/status`, { token: node.token })).status).toBe(200);

    const mcp = await ask(`${node.url}/mcp`, {
      method: 'POST',
      token: 'B'.repeat(43),
      headers: from('203.0.113.1'),
      json: {},
    });
    expect(mcp.status).toBe(429);
    const login = await ask(`${node.url}/v1/session`, {
      method: 'POST',
      headers: { ...from('203.0.113.1'), origin: 'https://relay.example' },
      json: { login: 'C'.repeat(43) },
    });
    expect(login.status).toBe(429);
    const socket = new WebSocket(
      `${node.url.replace('http', 'ws')}/v1/stream`,
      ['coterie', `token.${'D'.repeat(43)}`],
      { headers: from('203.0.113.1') },
    );
    onTestFinished(() => socket.terminate());
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      socket.once('unexpected-response', (_request, response) => resolve(response));
      socket.once('open', () => reject(new Error('it opened')));
    });
    expect(answered.statusCode).toBe(429);
    expect(Number(answered.headers['retry-after'])).toBeGreaterThan(0);
    socket.on('error', () => undefined);
  });

  it('RLY-34: logins that are wrong count as tokens do', async () => {
    const login = () =>
      ask(`${node.url}/v1/session`, {
        method: 'POST',
        headers: { ...from('203.0.113.9'), origin: 'https://relay.example' },
        json: { login: 'C'.repeat(43) },
      });
    for (let turn = 0; turn < 30; turn++) expect((await login()).status).toBe(401);
    expect((await login()).status).toBe(429);
    expect((await status('203.0.113.9', node.token)).status).toBe(429);
  });
});
