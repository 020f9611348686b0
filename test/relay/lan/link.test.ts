import { randomBytes } from 'node:crypto';
import { createServer as createPlainServer } from 'node:http';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLan } from '../../../relay/lan/listen.ts';
import { dialSettings, listenSettings } from '../../../relay/lan/tls.ts';
import { openMuxListener } from '../../../relay/mux/listen.ts';
import { connectSocket } from '../../../relay/mux/socket.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { fromBase32, fromBase64url } from '../../../src/op/index.ts';
import { realTimer } from '../../../src/replica/environment.ts';
import { workspace } from '../../support/sync-source.ts';
import { certificate } from './certificate.ts';
import { type Place, place, portOf, someKeys, until, wiretap } from './support.ts';

const equal = async (a: Place, b: Place): Promise<boolean> =>
  (await a.source.root()).logs === (await b.source.root()).logs;

const closesOf = ({ links }: Place): number => links.status().closes.get(closeCodes.unproven) ?? 0;

/** What nobody on the wire may read: names, keys and ids, as text and as bytes. */
const secrets = (...places: readonly Place[]): Buffer[] => [
  Buffer.from('coterie mux'),
  Buffer.from('log/tasks'),
  Buffer.from(workspace),
  Buffer.from(fromBase32(workspace)),
  ...places.flatMap(({ source: { publicKey } }) => [
    Buffer.from(publicKey),
    Buffer.from(fromBase64url(publicKey, 32)!),
  ]),
];

describe('a link of the local network', () => {
  it('SYN-35 MCH-20: two replicas sync, each shows the other as lan, and the wire shows nothing of it', async () => {
    const keys = someKeys();
    const [a, b] = [await place(keys), await place(keys)];
    await a.source.write('tasks', 5);
    await b.source.write('memory', 3);
    const wire = await wiretap(portOf(b.lan));
    const url = `wss://127.0.0.1:${wire.port}`;
    a.connected.lan({ url, secure: dialSettings(keys) });
    await until('both are equal', () => equal(a, b));
    await b.source.write('tasks', 2);
    await until('both are equal again', () => equal(a, b));
    expect(a.connected.peers()).toMatchObject([
      { replica: b.id, url, upstream: false, lan: true, state: 'linked', trouble: null },
    ]);
    expect(b.connected.peers()).toMatchObject([
      { replica: a.id, url: null, upstream: false, lan: true, state: 'linked' },
    ]);
    const heard = wire.heard();
    expect(heard.length).toBeGreaterThan(2_000);
    expect(secrets(a, b).filter((one) => heard.includes(one))).toEqual([]);
  });

  it('SYN-35: what is looked for on the wire is there where nothing encrypts', async () => {
    const keys = someKeys();
    const [a, b] = [await place(keys), await place(keys)];
    await a.source.write('tasks', 5);
    const mux = openMuxListener({
      join: (role, transport) => b.links.connect({ role, transport }),
      timer: realTimer,
    });
    const server = createPlainServer().on('upgrade', mux.upgrade);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const wire = await wiretap((server.address() as AddressInfo).port);
    a.connected.upstream(`http://127.0.0.1:${wire.port}`);
    await until('both are equal', () => equal(a, b));
    expect(a.connected.peers()).toMatchObject([{ upstream: true, lan: false }]);
    const found = secrets(a, b).filter((one) => wire.heard().includes(one));
    expect(found.map(String)).toContain('log/tasks');
    expect(found).toContainEqual(Buffer.from(fromBase32(workspace)));
    expect(found).toContainEqual(Buffer.from(fromBase64url(b.source.publicKey, 32)!));
  });

  it('SYN-35: who stands between two and has the key of the workspace is refused at the proof, and named', async () => {
    const keys = someKeys();
    const [a, b] = [await place(keys), await place(keys)];
    await b.source.write('tasks', 1);
    // Ends the encryption of both sides, and passes on what each says.
    let passed = 0;
    const between = createServer(listenSettings(keys), (near: TLSSocket) => {
      const far = connect({ ...dialSettings(keys).tls, host: '127.0.0.1', port: portOf(b.lan) });
      for (const one of [near, far]) one.on('error', () => undefined);
      far.on('data', (bytes) => {
        passed += bytes.length;
      });
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void between.close());
    const url = `wss://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const link = a.connected.lan({ url, secure: dialSettings(keys) });
    await until('it is refused', () => link.status().state === 'refused');
    expect(link.status().trouble).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('something may stand between'),
    });
    // The hello of the other side came through, and nothing that it holds.
    expect(passed).toBeGreaterThan(32);
    expect(closesOf(a) + closesOf(b)).toBeGreaterThan(0);
    expect(a.connected.peers().filter(({ state }) => state === 'linked')).toEqual([]);
    expect(await equal(a, b)).toBe(false);
  });

  it('SYN-35: a stranger without the key of the workspace does not get as far as a frame', async () => {
    const [ours, theirs] = [someKeys(), someKeys()];
    const [a, b] = [await place(theirs), await place(ours)];
    const link = a.connected.lan({ url: b.lan, secure: dialSettings(theirs) });
    await until('it failed', () => link.status().trouble !== undefined);
    expect(link.status().trouble?.code).toBe('unreachable');
    expect(b.links.sessions()).toEqual([]);
    // Nor by other kinds of TLS, nor in clear.
    const refused = (options: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: portOf(b.lan), ...options }, () =>
          reject(new Error('it opened')),
        );
        socket.on('error', resolve);
      });
    const any = { rejectUnauthorized: false, checkServerIdentity: () => undefined };
    await refused(any);
    await refused({
      ...any,
      ...dialSettings(ours).tls,
      pskCallback: () => ({ psk: ours.connect, identity: 'x' }),
    });
    await refused({
      ...any,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: 'PSK-CHACHA20-POLY1305:ECDHE-PSK-CHACHA20-POLY1305',
      pskCallback: () => ({ psk: ours.connect, identity: 'coterie-lan-1' }),
    });
    const plain = connectPlain(portOf(b.lan), '127.0.0.1');
    plain.end('GET /mux HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of plain) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).not.toContain('HTTP');
    expect(b.links.sessions()).toEqual([]);
  });

  it('SYN-35: whoever shows a certificate instead of having the key is not spoken with', async () => {
    const keys = someKeys();
    const heard: string[] = [];
    const other = createServer(certificate, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => heard.push(bytes.toString()));
    });
    other.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const url = `wss://127.0.0.1:${(other.address() as AddressInfo).port}/mux`;
    const secure = dialSettings(keys);
    const failing = (tls: object): Promise<Error> =>
      new Promise((failed, reject) =>
        connectSocket({
          url,
          maxPayload: 1_024,
          secure: { ...secure, tls: { ...secure.tls, ...tls } },
          opened: () => {
            reject(new Error('it opened'));
            throw new Error('it opened');
          },
          failed,
        }),
      );
    expect((await failing({})).message).toContain('self-signed');
    // Also one whose certificate somebody vouches for.
    expect((await failing({ ca: certificate.cert })).message).toContain('It showed a certificate');
    expect(heard).toEqual([]);
  });

  it('SYN-6 SYN-35: a handshake that was captured is worth nothing again', async () => {
    const keys = someKeys();
    const [a, b] = [await place(keys), await place(keys)];
    const wire = await wiretap(portOf(b.lan));
    a.connected.lan({ url: `wss://127.0.0.1:${wire.port}`, secure: dialSettings(keys) });
    await until('they are linked', () => a.connected.peers()[0]?.state === 'linked');
    const before = b.links.status().closes.size;
    const sessions = b.links.sessions().length;
    // As it went over the wire.
    const again = connectPlain(portOf(b.lan), '127.0.0.1');
    again.on('error', () => undefined);
    again.write(wire.sent());
    await new Promise((resolve) => again.once('close', resolve).resume());
    expect(b.links.sessions().length).toBe(sessions);
    expect(b.links.status().closes.size).toBe(before);
  });

  it('SYN-6 SYN-35: nor are its frames, for one who has the key and says them again', async () => {
    const keys = someKeys();
    const [a, b] = [await place(keys), await place(keys)];
    // What `a` says to one who only passes on the hello of `b`.
    const said: Uint8Array[] = [];
    const held: { far?: { send(frame: Uint8Array): void } } = {};
    const trap = await listenOnLan({
      keys,
      admits: () => true,
      timer: realTimer,
      host: '127.0.0.1',
      join: (_role, near) => {
        connectSocket({
          url: `${b.lan}/mux`,
          maxPayload: 1_000_000,
          secure: dialSettings(keys),
          failed: () => undefined,
          opened: (far) => {
            held.far = far;
            for (const frame of said) far.send(frame);
            return {
              message: (frame) => near.send(Uint8Array.from(frame)),
              drained: () => undefined,
              closed: () => undefined,
            };
          },
        });
        return {
          receive(frame) {
            said.push(Uint8Array.from(frame));
            held.far?.send(frame);
          },
          drained: () => undefined,
          closed: () => undefined,
          close: (code, reason) => near.close(code, reason),
          status: () => ({ state: { phase: 'greeting' } }) as never,
        };
      },
    });
    onTestFinished(() => trap.close());
    const link = a.connected.lan({ url: `wss://127.0.0.1:${trap.port}`, secure: dialSettings(keys) });
    await until('it was refused', () => link.status().state === 'refused' || closesOf(b) > 0);
    link.close();
    expect(said.length).toBeGreaterThanOrEqual(2);
    const refusals = closesOf(b);
    const ended = await new Promise<number>((resolve) =>
      connectSocket({
        url: `${b.lan}/mux`,
        maxPayload: 1_000_000,
        secure: dialSettings(keys),
        failed: () => resolve(0),
        opened: (socket) => {
          for (const frame of said.slice(0, 2)) socket.send(frame);
          return { message: () => undefined, drained: () => undefined, closed: resolve };
        },
      }),
    );
    expect(ended).toBe(closeCodes.unproven);
    expect(closesOf(b)).toBe(refusals + 1);
    expect(b.connected.peers().filter(({ state }) => state === 'linked')).toEqual([]);
  });

  it('MCH-20: the listener serves /mux alone, and a bounded number of connections of one address', async () => {
    const keys = someKeys();
    const b = await place(keys);
    const answered = await new Promise<string>((resolve, reject) => {
      const socket = connect({ ...dialSettings(keys).tls, host: '127.0.0.1', port: portOf(b.lan) }, () =>
        socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'),
      );
      socket.on('data', (bytes) => resolve(bytes.toString()));
      socket.on('error', reject);
      onTestFinished(() => void socket.destroy());
    });
    expect(answered).toMatch(/^HTTP\/1.1 404 /);
    const failed = await new Promise<Error>((failed) =>
      connectSocket({
        url: `${b.lan}/sync/log/tasks`,
        maxPayload: 1_024,
        secure: dialSettings(keys),
        failed,
        opened: () => {
          throw new Error('it opened');
        },
      }),
    );
    expect(failed.message).toContain('Only replicas are served here');
    const many = Array.from({ length: 40 }, () => connectPlain(portOf(b.lan), '127.0.0.1'));
    const cut = await new Promise<number>((resolve) => {
      let closed = 0;
      for (const one of many) {
        one.on('error', () => undefined);
        one.on('close', () => {
          closed += 1;
          if (closed === 24) resolve(closed);
        });
        onTestFinished(() => void one.destroy());
      }
    });
    expect(cut).toBe(24);
  });

  it('MCH-20: nobody from outside of the local network is let in', async () => {
    const keys = someKeys();
    const listener = await listenOnLan({
      keys,
      admits: () => false,
      timer: realTimer,
      host: '127.0.0.1',
      join: () => {
        throw new Error('it came in');
      },
    });
    onTestFinished(() => listener.close());
    const socket = connectPlain(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(randomBytes(64));
    await new Promise((resolve) => socket.once('close', resolve).resume());
    expect(listener.connections).toBe(0);
  });
});
