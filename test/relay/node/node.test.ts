import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startNode } from '../../../relay/node/node.ts';
import { findNode, readRunFile, runFilePath, writeRunFile } from '../../../relay/node/run-file.ts';
import { openFakeReplica } from '../../support/fake-replica.ts';
import { shared } from '../../support/scratch.ts';
import { ask, follow, startFake } from '../http/support.ts';

describe('a node', () => {
  it('leaves a run file by which it is found, readable by its owner alone, and takes it away', async () => {
    const place = shared();
    const node = await startNode({ directory: place.path, as: 'kai', port: 0, open: openFakeReplica });
    const run = readRunFile(place.path);
    expect(run).toEqual({
      url: node.url,
      pid: process.pid,
      started: expect.any(String) as string,
      directory: place.path,
      node: node.id,
    });
    expect(statSync(runFilePath(place.path)).mode & 0o777).toBe(0o600);
    expect(statSync(join(place.path, 'tokens')).mode & 0o777).toBe(0o700);
    expect(await findNode(place.path)).toEqual(run);
    await node.close();
    expect(existsSync(runFilePath(place.path))).toBe(false);
    expect(await findNode(place.path)).toBeUndefined();
    place.remove();
  });

  it('is not found by a run file that was left behind', async () => {
    const place = shared();
    const node = await startNode({ directory: place.path, as: 'kai', port: 0, open: openFakeReplica });
    const run = readRunFile(place.path)!;
    writeRunFile(place.path, { ...run, node: 'another' });
    expect(await findNode(place.path)).toBeUndefined();
    writeRunFile(place.path, { ...run, pid: 2 ** 30 });
    expect(await findNode(place.path)).toBeUndefined();
    writeRunFile(place.path, { ...run, url: 'http://127.0.0.1:1' });
    expect(await findNode(place.path)).toBeUndefined();
    writeRunFile(place.path, { ...run, node: 'another' });
    await node.close();
    expect(readRunFile(place.path)?.node).toBe('another');
    place.remove();
  });

  it('says that a port is taken, and closes the replica that it opened', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const place = shared();
    let closed = false;
    const starting = startNode({
      directory: place.path,
      as: 'kai',
      port,
      open: async (options) => {
        const replica = await openFakeReplica(options);
        return {
          ...replica,
          close: async () => {
            closed = true;
          },
        };
      },
    });
    await expect(starting).rejects.toMatchObject({ code: 'port_busy' });
    expect(closed).toBe(true);
    other.close();
    place.remove();
  });

  it('RLY-25: listens on this machine only, unless what is sent is encrypted', async () => {
    const place = shared();
    for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.com'])
      await expect(
        startNode({ directory: place.path, as: 'kai', port: 0, host, open: openFakeReplica }),
      ).rejects.toMatchObject({ code: 'needs_tls' });
    place.remove();
  });
});

describe('stopping', () => {
  it('answers what is under way, ends streams and cuts the slow', async () => {
    const node = await startFake();
    const { token, url, port } = node;
    const streams = await Promise.all([1, 2, 3].map(() => follow(`${url}/v1/events`, token)));
    // One that never sends its request whole, one that never reads its stream, one idle.
    const slow = connect(port, '127.0.0.1');
    slow.on('error', () => undefined);
    slow.write(
      `POST /v1/channels HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    const deaf = await follow(`${url}/v1/events`, token);
    deaf.response.pause();
    node.fake.emit(400, 'x'.repeat(32 * 1024));
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    let release: () => void = () => undefined;
    node.fake.hold(
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    );
    node.fake.asked.length = 0;
    const under = ask(`${url}/v1/channels/general/messages`, { method: 'POST', token, json: { text: 'x' } });
    while (node.fake.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const closing = node.close();
    setTimeout(release, 50);
    expect((await under).status).toBe(201);
    await closing;
    for (const stream of streams) {
      await stream.ended;
      expect(stream.events.at(-1)?.event).toBe('closing');
      expect(stream.events.at(-1)?.id).toBeUndefined();
    }
    deaf.response.resume();
    await deaf.ended;
    await expect(ask(`${url}/healthz`)).rejects.toThrow();
    slow.destroy();
    idle.destroy();
  });

  it('ends long work', async () => {
    const node = await startFake();
    const { token, url } = node;
    let told: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      told = resolve;
    });
    node.fake.import = (_request, work) => {
      work?.progress?.({ stage: 'reading', done: 0, total: null });
      told();
      return new Promise((_resolve, reject) => {
        work?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    };
    const answer = ask(`${url}/v1/admin/import`, {
      method: 'POST',
      token,
      json: { format: 'slack', path: 'x' },
    });
    await began;
    await node.close();
    expect((await answer).text).toContain('{"error":');
  });
});
