import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';

/** A server for Yjs clients in a process of its own. */
export interface Server {
  /** `ws://127.0.0.1:1234`; the room is the path. */
  readonly url: string;
  readonly port: number;
  /** Processor time that it took until now, ms; undefined where the system does not tell. */
  spent(): number | undefined;
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Clock ticks of a second in `/proc`, on every Linux that Node runs on. */
const ticks = 100;

function spentBy(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / ticks) * 1000;
  } catch {
    return undefined;
  }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

const spawned = (child: ChildProcess, port: number): Server => ({
  url: `ws://127.0.0.1:${port}`,
  port,
  spent: () => spentBy(child.pid ?? 0),
  end: (signal = 'SIGTERM') => stop(child, signal),
});

async function firstLine(child: ChildProcess & { stdout: NodeJS.ReadableStream }): Promise<string> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('the server ended');
  });
  const line = once(createInterface({ input: child.stdout }), 'line');
  return ((await Promise.race([line, ended])) as [string])[0];
}

/** The open relay on a directory, as `coterie relay --open` starts it. */
export async function startRelay(directory: string, port = 0): Promise<Server> {
  const main = fileURLToPath(new URL('../../relay/cli/coterie.cjs', import.meta.url));
  const args = [main, 'relay', '--open', '--port', String(port), '--data', directory, '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { url } = JSON.parse(await firstLine(child)) as { url: string };
  return spawned(child, Number(new URL(url).port));
}

/** The open relay on a new directory, which goes with it. */
export async function startFreshRelay(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-bench-relay-'));
  const server = await startRelay(directory);
  return {
    ...server,
    async end(signal) {
      await server.end(signal);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Hocuspocus of a directory where it is installed, in memory alone. */
export async function startHocuspocus(directory: string): Promise<Server> {
  const child = await startChild<{ port: number }>('hocuspocus', { directory });
  const { port } = child.ready;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    spent: () => spentBy(child.pid),
    end: () => child.end(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** The server of y-websocket of a directory where it is installed, in memory alone. */
export async function startPlainServer(directory: string): Promise<Server> {
  const port = await freePort();
  const main = join(directory, 'node_modules', '@y', 'websocket-server', 'src', 'server.js');
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port) },
  });
  await firstLine(child);
  return spawned(child, port);
}
