import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Doc } from 'yjs';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { scratch } from '../../support/scratch.ts';
import { type Bare, bare, connect } from './support.ts';

const main = new URL('../../../dist/relay/cli/coterie.cjs', import.meta.url).pathname;

/** The command line's own relay, as a process. */
async function start(directory: string): Promise<{ child: ChildProcess; url: string }> {
  const args = [main, 'relay', '--open', '--port', '0', '--data', directory, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  const { url } = JSON.parse(said) as { url: string };
  return { child, url };
}

/** Writes numbers into its own list, so many ahead of what was acknowledged, until the relay is gone. */
async function write(socket: Bare, list: string): Promise<{ stored: () => number }> {
  const doc = new Doc();
  let sent = 0;
  let stored = 0;
  doc.on('update', (update: Uint8Array) => socket.ws.send(wire.update(update)));
  const more = (): void => {
    while (sent - stored < 10) {
      doc.getArray(list).push([sent]);
      sent += 1;
    }
  };
  socket.ws.on('message', (bytes: Buffer) => {
    if (bytes[0] !== 120) return;
    stored = wire.readNumber({ bytes, at: 1 });
    more();
  });
  more();
  return { stored: () => stored };
}

describe('an open relay that is killed', () => {
  it('RLY-3: has everything that it acknowledged and everything that it sent, three times over', async () => {
    const directory = scratch();
    const seed = Math.floor(Math.random() * 1000);
    const wanted: { list: string; least: number }[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { child, url } = await start(directory);
      const reader = connect(url, 'room', new Doc(), { connect: false });
      reader.provider.shouldReconnect = () => false;
      reader.provider.connect();
      await reader.synced();
      for (const { list, least } of wanted)
        expect(reader.doc.getArray(list).length, list).toBeGreaterThanOrEqual(least);
      const sockets = await Promise.all(
        Array.from({ length: 4 }, () => bare(`${url}/room`, ['coterie.stored'])),
      );
      const writers = await Promise.all(sockets.map((socket, at) => write(socket, `${round}-${at}`)));
      const enough = 200 + ((seed * (round + 7)) % 400);
      const total = (): number => writers.reduce((sum, { stored }) => sum + stored(), 0);
      await new Promise<void>((resolve) => {
        for (const { ws } of sockets) ws.on('message', () => total() >= enough && resolve());
      });
      child.kill('SIGKILL');
      await Promise.all([once(child, 'close'), ...sockets.map((socket) => socket.closed())]);
      reader.provider.disconnect();
      writers.forEach(({ stored }, at) => {
        const list = `${round}-${at}`;
        const seen = reader.doc.getArray(list).length;
        wanted.push({ list, least: Math.max(stored(), seen) });
      });
    }
    const { url } = await start(directory);
    const doc = new Doc();
    await connect(url, 'room', doc).synced();
    for (const { list, least } of wanted) {
      const found = doc.getArray(list).toArray();
      expect(found.length, list).toBeGreaterThanOrEqual(least);
      expect(found).toEqual(Array.from({ length: found.length }, (_, at) => at));
    }
  });

  it('RLY-1: the command line runs one, which ends orderly on a signal', async () => {
    const directory = scratch();
    const { child, url } = await start(directory);
    const client = connect(url, 'a room with spaces/ä');
    await client.synced();
    client.doc.getText('t').insert(0, 'kept');
    const other = connect(url, 'a room with spaces/ä');
    await other.synced();
    client.provider.shouldReconnect = () => false;
    const ended = once(child, 'exit');
    const closed = new Promise<number | undefined>((resolve) => {
      client.provider.on('connection-close', (event) => resolve(event?.code));
    });
    child.kill('SIGTERM');
    expect(await closed).toBe(4501);
    expect(await ended).toEqual([0, null]);
    const again = await start(directory);
    const reader = connect(again.url, 'a room with spaces/ä');
    await reader.synced();
    expect(reader.doc.getText('t').toString()).toBe('kept');
  });
});
