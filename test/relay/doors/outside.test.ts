import { once } from 'node:events';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Asker, type askerOf, openAddresses } from '../../../relay/http/address.ts';
import { allowedOf, type Outside } from '../../../relay/http/outside.ts';
import { listen } from '../../../relay/http/server.ts';
import { openLog } from '../../../relay/node/log.ts';
import { startOpenRelay } from '../../../relay/rooms/open-relay.ts';
import { startSealedRelay } from '../../../relay/sealed/relay.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { shared } from '../../support/scratch.ts';
import { ask, startFake } from '../http/support.ts';

let place: ReturnType<typeof shared>;
beforeEach(() => {
  place = shared();
});
afterEach(() => place.remove());

/** A fresh certificate in the two files of a door. */
function certify(...names: string[]): { cert: string; key: string; ca: string } {
  const [cert, key] = [join(place.path, 'cert.pem'), join(place.path, 'key.pem')];
  const made = makeCertificate(...names);
  writeFileSync(`${cert}.new`, made.cert);
  writeFileSync(`${key}.new`, made.key, { mode: 0o600 });
  renameSync(`${cert}.new`, cert);
  renameSync(`${key}.new`, key);
  return { cert, key, ca: made.cert };
}

function askTls(url: string, options: RequestOptions): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { agent: false, checkServerIdentity: () => undefined, ...options },
      (answer) => {
        let text = '';
        answer.on('data', (part: Buffer) => {
          text += part.toString();
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

describe('where doors listen', () => {
  const refused: [string, string, Outside | undefined, string][] = [
    ['every address', '0.0.0.0', undefined, 'needs_tls'],
    ['every IPv6 address', '::', undefined, 'needs_tls'],
    ['a name of a network', 'relay.example', undefined, 'needs_tls'],
    ['nothing', '', undefined, 'needs_tls'],
    ['a public URL alone', '0.0.0.0', { url: 'https://relay.example' }, 'needs_tls'],
    ['another Host alone', '0.0.0.0', { hosts: ['relay.example'] }, 'needs_tls'],
    [
      'a certificate that is not there',
      '0.0.0.0',
      { tls: { cert: '/nowhere', key: '/nowhere' } },
      'tls_unusable',
    ],
    ['a proxy without a URL', '127.0.0.1', { proxy: { url: 'relay.example' } }, 'invalid'],
    ['a proxy with a path', '127.0.0.1', { proxy: { url: 'https://relay.example/x' } }, 'invalid'],
    [
      'a proxy at no address',
      '127.0.0.1',
      { proxy: { url: 'https://relay.example', from: ['x'] } },
      'invalid',
    ],
  ];
  for (const [what, host, outside, code] of refused)
    it(`RLY-25: ${what} is refused`, async () => {
      await expect(listen(host, 0, { outside })).rejects.toMatchObject({ code });
    });

  it('RLY-25: nodes and relays refuse it too, and an open relay knows no such door', async () => {
    await expect(startFake({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'needs_tls' });
    const directory = join(place.path, 'relay');
    await expect(startSealedRelay({ directory, host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
      code: 'needs_tls',
    });
    const open = await startOpenRelay({
      ...{ directory: join(place.path, 'rooms'), port: 0, host: '0.0.0.0' },
      log: openLog('silent'),
    });
    expect(open.url).toMatch(/^ws:\/\/127\.0\.0\.1:/);
    await open.close();
  });

  it('RLY-26: a certificate, its key and the modes of that file are looked at', async () => {
    const { cert, key } = certify('relay.example');
    const fits = { tls: { cert, key } };
    if (process.platform !== 'win32') {
      chmodSync(key, 0o644);
      await expect(listen('127.0.0.1', 0, { outside: fits })).rejects.toThrow(/open to all users/);
      chmodSync(key, 0o640);
    }
    const listening = await listen('127.0.0.1', 0, { outside: fits });
    await listening.cut();
    const other = join(place.path, 'other.pem');
    writeFileSync(other, makeCertificate('relay.example').key, { mode: 0o600 });
    for (const tls of [
      { cert, key: other },
      { cert: key, key },
      { cert, key: cert },
    ])
      await expect(listen('127.0.0.1', 0, { outside: { tls } })).rejects.toMatchObject({
        code: 'tls_unusable',
      });
  });
});

describe('a node that other machines reach', () => {
  it('RLY-26, RLY-27: TLS with its own names outside, and a plain door for this machine', async () => {
    const { cert, key, ca } = certify('relay.example', '127.0.0.1');
    const node = await startFake({ host: '0.0.0.0', outside: { tls: { cert, key } } });
    try {
      expect(node.publicUrl).toBe(`https://relay.example:${node.port}`);
      expect(node.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
      expect((await ask(`${node.url}/v1/status`, { token: node.token })).status).toBe(200);
      const there = `https://127.0.0.1:${node.port}`;
      const status = async (headers: Record<string, string>): Promise<number> =>
        (
          await askTls(`${there}/v1/status`, {
            ca,
            headers: { authorization: `Bearer ${node.token}`, ...headers },
          })
        ).status;
      expect(await status({})).toBe(200);
      expect(await status({ host: `relay.example:${node.port}` })).toBe(200);
      for (const host of ['relay.example', 'evil.example', `evil.example:${node.port}`])
        expect(await status({ host })).toBe(403);
      expect(await status({ origin: `https://relay.example:${node.port}` })).toBe(200);
      for (const origin of [`http://relay.example:${node.port}`, 'https://evil.example', 'null'])
        expect(await status({ origin })).toBe(403);
      // Nobody vouches for it but itself.
      await expect(askTls(`${there}/healthz`, {})).rejects.toThrow(/self-signed/);
      const socket = new WebSocket(`wss://127.0.0.1:${node.port}/v1/stream`, {
        ca,
        headers: { authorization: `Bearer ${node.token}` },
      });
      await once(socket, 'open');
      socket.terminate();
      const foreign = new WebSocket(`wss://127.0.0.1:${node.port}/v1/stream`, {
        ca,
        origin: 'https://evil.example',
      });
      const [error] = (await once(foreign, 'error')) as [Error];
      expect(error.message).toContain('403');
    } finally {
      await node.close();
    }
  });

  it('RLY-26: takes a renewed certificate, and keeps the old one where the new pair does not fit', async () => {
    const { cert, key } = certify('old.example');
    const logged: string[] = [];
    const listening = await listen('127.0.0.1', 0, { outside: { tls: { cert, key } }, look: 20 });
    const lines = (): Promise<void> =>
      new Promise((resolve) => {
        told = resolve;
      });
    let told = (): void => undefined;
    const log = openLog('info', (line) => {
      logged.push(line);
      if (line.includes('certificate')) told();
    });
    listening.serve({ fetch: () => new Response('') }, log);
    const shown = async (): Promise<string | undefined> => {
      const socket = connect({ host: '127.0.0.1', port: listening.port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subjectaltname } = socket.getPeerCertificate();
      socket.destroy();
      return subjectaltname;
    };
    expect(await shown()).toBe('DNS:old.example');
    let line = lines();
    writeFileSync(cert, 'no certificate');
    await line;
    expect(logged.join('')).toContain('is not taken');
    expect(await shown()).toBe('DNS:old.example');
    line = lines();
    certify('new.example');
    await line;
    expect(await shown()).toBe('DNS:new.example');
    await listening.cut();
  });

  it('RLY-27: behind a proxy it answers to the public name, and to pages of there', async () => {
    const node = await startFake({ outside: { proxy: { url: 'https://relay.example' } } });
    try {
      expect(node.publicUrl).toBe('https://relay.example');
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await ask(`${node.url}/v1/status`, { token: node.token, headers })).status;
      expect(await status({})).toBe(200);
      expect(await status({ host: 'relay.example', origin: 'https://relay.example' })).toBe(200);
      for (const origin of ['http://relay.example', 'https://relay.example:8443', 'https://evil.example'])
        expect(await status({ host: 'relay.example', origin })).toBe(403);
      for (const host of ['relay.example:8443', 'evil.relay.example'])
        expect(await status({ host })).toBe(403);
    } finally {
      await node.close();
    }
  });

  it('RLY-29: page and counters are for programs of this machine, and for who has a token', async () => {
    const node = await startFake({ outside: { proxy: { url: 'https://relay.example' } } });
    try {
      const away = { host: 'relay.example', 'x-forwarded-for': '203.0.113.9' };
      const status = async (given: Parameters<typeof ask>[1]): Promise<number> =>
        (await ask(`${node.url}/metrics`, given)).status;
      expect(await status({})).toBe(200);
      expect(await status({ headers: away })).toBe(401);
      expect(await status({ headers: away, token: node.token })).toBe(200);
      const page = async (given: Parameters<typeof ask>[1]): Promise<string> =>
        (await ask(`${node.url}/status`, given)).text;
      expect(await page({})).toContain('#general');
      expect(await page({ headers: away, token: node.token })).toContain('You are <b id="who">kai</b>');
      const bare = await page({ headers: away });
      expect(bare).toContain('coterie open');
      expect(bare).not.toMatch(/Team|general/);
      expect((await ask(`${node.url}/healthz`, { headers: away })).status).toBe(200);
    } finally {
      await node.close();
    }
  });
});

describe('names', () => {
  it('RLY-27: those of certificate, address, flags and public URL', () => {
    const of = (...given: Parameters<typeof allowedOf>): string[] =>
      [...allowedOf(...given).origins].filter((origin) => !/127\.0|localhost|\[::1/.test(origin));
    const tls = { cert: '', key: '' };
    expect(of('127.0.0.1', 4270, undefined)).toEqual([]);
    expect(of('0.0.0.0', 443, { tls }, ['a.example'])).toEqual([
      'https://a.example:443',
      'https://a.example',
    ]);
    expect(of('10.0.0.1', 4270, { tls })).toEqual(['https://10.0.0.1:4270']);
    expect(of('fe80::1', 4270, { tls, hosts: ['b.example'] })).toEqual([
      'https://[fe80::1]:4270',
      'https://b.example',
    ]);
    expect(allowedOf('0.0.0.0', 4270, { tls, url: 'https://a.example' }).url).toBe('https://a.example');
    expect(() => allowedOf('0.0.0.0', 4270, { tls })).toThrow(/names nobody/);
  });
});

describe('who asks', () => {
  const asker = (remoteAddress: string, forwarded: string | undefined, from?: string[] | false): Asker => {
    const incoming = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
    const proxy = from === false ? undefined : { url: 'https://relay.example', from };
    return openAddresses(proxy)(incoming as unknown as Parameters<typeof askerOf>[0]);
  };
  const cases: [string, string | undefined, string[] | false | undefined, string, boolean][] = [
    ['127.0.0.1', undefined, false, '127.0.0.1', true],
    ['127.0.0.1', '1.2.3.4', false, '127.0.0.1', true],
    ['127.0.0.1', '1.2.3.4', undefined, '1.2.3.4', false],
    ['127.0.0.1', '127.0.0.1', undefined, '127.0.0.1', false],
    ['127.0.0.1', '6.6.6.6, 1.2.3.4', undefined, '1.2.3.4', false],
    ['127.0.0.1', 'nonsense', undefined, '127.0.0.1', false],
    ['9.9.9.9', '1.2.3.4', undefined, '9.9.9.9', false],
    ['::ffff:10.1.2.3', '1.2.3.4', ['10.0.0.0/8'], '1.2.3.4', false],
    ['2001:db8:1:2:3:4:5:6', undefined, false, '2001:db8:1:2::/64', false],
    ['2001:db8::6', undefined, false, '2001:db8:0:0::/64', false],
  ];
  for (const [direct, forwarded, from, address, here] of cases)
    it(`RLY-28: ${direct} with ${forwarded} ${from === false ? 'without a proxy' : `behind ${from ?? 'one here'}`}`, () => {
      expect(asker(direct, forwarded, from)).toEqual({ address, here });
    });
});
