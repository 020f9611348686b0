import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import type { LanKeys } from '../../../relay/lan/keys.ts';
import { listenOnLan } from '../../../relay/lan/listen.ts';
import { openLog } from '../../../relay/node/log.ts';
import { type Connected, listenForLinks, openNetwork } from '../../../relay/node/machine/network.ts';
import { nodeCrypto } from '../../../src/keys/node.ts';
import { keyId } from '../../../src/op/index.ts';
import { realTimer } from '../../../src/replica/environment.ts';
import type { Links } from '../../../src/sync/index.ts';
import { scratch } from '../../support/scratch.ts';
import { createMemorySource, type MemorySource } from '../../support/sync-source.ts';

export const log = openLog('silent');

export const someKeys = (): LanKeys => ({ connect: randomBytes(32), announce: randomBytes(32) });

export interface Place {
  readonly source: MemorySource;
  readonly connected: Connected;
  readonly links: Links;
  readonly id: string;
  /** Where it listens for the local network: `wss://127.0.0.1:49152`. */
  readonly lan: string;
}

/** A replica alone on its machine, which listens with the key of its workspace. */
export async function place(keys: LanKeys): Promise<Place> {
  const source = createMemorySource({
    name: 'one',
    random: randomBytes,
    timer: realTimer,
    now: () => performance.now(),
  });
  const network = openNetwork({ source, node: true, state: scratch(), log });
  const { links } = network;
  const connected = network.begin(await listenForLinks(links, log));
  const listener = await listenOnLan({
    keys,
    join: (role, transport) => links.connect({ role, transport }),
    admits: (address) => address === '127.0.0.1',
    timer: realTimer,
    host: '127.0.0.1',
  });
  onTestFinished(async () => {
    await connected.close();
    await listener.close();
  });
  const id = keyId(nodeCrypto, source.publicKey);
  return { source, connected, links, id, lan: `wss://127.0.0.1:${listener.port}` };
}

/** Resolves when a condition holds; looks each few ms, for at most ten seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come to this in a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Passes bytes on to a port, and keeps what each side sent. */
export async function wiretap(to: number): Promise<{ port: number; heard(): Buffer; sent(): Buffer }> {
  const sent: Buffer[] = [];
  const answered: Buffer[] = [];
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const one of [near, far]) one.on('error', () => undefined);
    near.on('data', (bytes) => sent.push(bytes));
    far.on('data', (bytes) => answered.push(bytes));
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat([...sent, ...answered]),
    sent: () => Buffer.concat(sent),
  };
}

export const portOf = (url: string): number => Number(new URL(url).port);
