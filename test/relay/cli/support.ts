import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { nodeIn } from '../../support/node.ts';
import { scratch, shared } from '../../support/scratch.ts';

/** The built command line: what a user runs. */
export const entry = fileURLToPath(new URL('../../../dist/relay/cli/coterie.cjs', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** The command that it is started by, where that is another than Node. */
  readonly by?: readonly [string, ...string[]];
}

/** A home of its own, so that no test sees the data or the name of the person who runs it. */
export interface Home {
  readonly path: string;
  readonly data: string;
  start(args: readonly string[], options?: Options): ChildProcess;
  /** As `start`, and stdin stays open. */
  open(args: readonly string[], options?: Options): ChildProcess;
  run(args: readonly string[], options?: Options): Promise<Ended>;
}

const dataIn = (home: string): string => join(home, 'share', 'coterie');

export function home(path = scratch()): Home {
  mkdirSync(path, { recursive: true });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: path,
    USER: 'Zoë Q.',
    XDG_DATA_HOME: join(path, 'share'),
    XDG_CONFIG_HOME: join(path, 'config'),
    XDG_STATE_HOME: join(path, 'state'),
  };
  const open = (args: readonly string[], options: Options = {}) => {
    const [command, ...before] = options.by ?? [process.execPath];
    const child = spawn(command, [...before, entry, ...args], {
      env: { ...env, ...options.env },
      cwd: options.cwd ?? path,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    return child;
  };
  const start = (args: readonly string[], options: Options = {}) => {
    const child = open(args, options);
    child.stdin.end(options.stdin ?? '');
    return child;
  };
  return {
    path,
    data: dataIn(path),
    start,
    open,
    run: (args, options) => ended(start(args, options)),
  };
}

/** A home with a node that serves it and hosts `kai`, for the tests of a file. */
export async function servedHome(): Promise<{ here: Home; node: Node; close(): Promise<void> }> {
  const { path, remove } = shared();
  const { node } = await nodeIn(path, {
    directory: dataIn(path),
    config: join(path, 'config', 'coterie'),
    state: join(path, 'state', 'coterie'),
  });
  const close = async (): Promise<void> => {
    await node.close();
    remove();
  };
  return { here: home(path), node, close };
}

/** What a child printed, and how it ended. */
export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Resolves with the match as soon as a child's stdout, or stderr, has it. */
export function printed(
  child: ChildProcess,
  pattern: RegExp,
  where: 'stdout' | 'stderr' = 'stdout',
): Promise<RegExpExecArray> {
  let text = '';
  return new Promise((resolve, reject) => {
    child[where]?.on('data', (part) => {
      text += String(part);
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    child.on('close', () => reject(new Error(`ended without printing ${pattern}: ${text}`)));
  });
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

type Answering = (asked: Asked) => { status?: number; body: unknown } | undefined;

/** A stand-in for a node: it answers as it is told, and keeps what it was asked. */
export interface Stub {
  readonly url: string;
  readonly asked: Asked[];
  /** Leaves a run file and a token, as a node of this data directory would. */
  runsOn(data: string, handle: string): void;
}

export async function stub(answering: Answering): Promise<Stub> {
  const asked: Asked[] = [];
  const name = 'stub-node';
  const server: Server = createServer(async (incoming, outgoing) => {
    let text = '';
    for await (const part of incoming) text += String(part);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const one = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body };
    if (one.path === '/healthz') {
      outgoing.end(JSON.stringify({ ok: true, node: name }));
      return;
    }
    asked.push(one);
    const answer = answering(one) ?? { status: 404, body: wrong('not_found', `no ${one.path}`) };
    outgoing.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    runsOn(data, handle) {
      mkdirSync(join(data, 'tokens'), { recursive: true, mode: 0o700 });
      chmodSync(data, 0o700);
      const started = new Date().toISOString();
      const run = { url, pid: process.pid, started, directory: data, node: name };
      writeFileSync(join(data, 'node.json'), JSON.stringify(run), { mode: 0o600 });
      writeFileSync(join(data, 'tokens', handle), `${'t'.repeat(43)}\n`, { mode: 0o600 });
    },
  };
}

/** The shape of an error. */
export const wrong = (code: string, message: string, legal?: string[]) => ({
  error: { code, message, hint: 'a hint', ...(legal ? { legal } : {}) },
});

/** Examples of what a node answers. */
export const zoe = { id: 'm'.repeat(26), handle: 'zoe-q', name: 'Zoë Q.' };
export const message = (text: string, more: object = {}) => ({
  id: 'a'.repeat(26),
  channel: 'c'.repeat(26),
  author: zoe,
  text,
  at: '2026-01-02T03:04:05.678Z',
  base: [],
  ...more,
});
export const member = (handle: string) => ({
  id: 'm'.repeat(26),
  handle,
  name: handle,
  kind: 'agent',
  role: 'member',
  replicas: [],
  hosted: true,
  imported: false,
  created: '2026-01-02T03:04:05.678Z',
  base: [],
});
