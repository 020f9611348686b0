import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRunDirectory, type ReplicaRun } from '../../../../relay/node/machine/run-files.ts';
import { scratch } from '../../../support/scratch.ts';

const workspace = `w${'a'.repeat(25)}`;
const replica = (letter: string): string => `${letter}${'a'.repeat(25)}`;

const run = (letter: string, more: Partial<ReplicaRun> = {}): ReplicaRun => ({
  workspace,
  replica: replica(letter),
  key: 'k'.repeat(43),
  url: 'http://127.0.0.1:1',
  pid: process.pid,
  started: '2026-01-02T03:04:05.678Z',
  node: false,
  ...more,
});

/** The number of a process that is gone. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid ?? 0;
}

async function listening(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('run files of replicas', () => {
  it('MCH-1: are read by their owner alone, and found by workspace', () => {
    const state = scratch();
    const runs = openRunDirectory(state);
    expect(runs.leave(run('b'))).toBe(true);
    expect(runs.leave(run('c', { node: true }))).toBe(true);
    expect(runs.leave({ ...run('d'), workspace: `x${'a'.repeat(25)}` })).toBe(true);
    expect(runs.list(workspace)).toEqual([run('b'), run('c', { node: true })]);
    const path = join(state, 'run', `${workspace}-${replica('b')}.json`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, 'run')).mode & 0o777).toBe(0o700);
    runs.remove(run('b'));
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(state, 'run'))).toHaveLength(2);
  });

  it('MCH-1: one that is there already is left as it is: those who watch the directory hear nothing', () => {
    const state = scratch();
    const runs = openRunDirectory(state);
    runs.leave(run('b'));
    const directory = join(state, 'run');
    const before = statSync(directory, { bigint: true }).mtimeNs;
    expect(runs.leave(run('b'))).toBe(true);
    expect(statSync(directory, { bigint: true }).mtimeNs).toBe(before);
  });

  it('MCH-1: one that another process left for the same replica stays while that process lives', async () => {
    const runs = openRunDirectory(scratch());
    expect(runs.leave(run('b', { pid: process.ppid }))).toBe(true);
    expect(runs.leave(run('b'))).toBe(false);
    runs.remove(run('b'));
    expect(runs.list(workspace)).toEqual([run('b', { pid: process.ppid })]);
    runs.remove(run('b', { pid: process.ppid }));
    expect(runs.leave(run('b', { pid: await deadPid() }))).toBe(true);
    expect(runs.leave(run('b'))).toBe(true);
    expect(runs.list(workspace)).toEqual([run('b')]);
  });

  it('MCH-1: one whose process is gone or whose address refuses is stale', async () => {
    const runs = openRunDirectory(scratch());
    const url = await listening();
    expect(await runs.stale(run('b', { url }))).toBe(false);
    expect(await runs.stale(run('b', { url, pid: await deadPid() }))).toBe(true);
    expect(await runs.stale(run('b', { url: 'http://127.0.0.1:1' }))).toBe(true);
  });

  it('MCH-1: what is none, or what others could have written, names nobody', () => {
    const state = scratch();
    const runs = openRunDirectory(state);
    const at = (letter: string): string => join(state, 'run', `${workspace}-${replica(letter)}.json`);
    const put = (letter: string, text: string, mode = 0o600): void => {
      writeFileSync(at(letter), text);
      chmodSync(at(letter), mode);
    };
    put('b', '{');
    put('c', JSON.stringify(run('c')), 0o644);
    put('d', JSON.stringify(run('e')));
    put('f', JSON.stringify(run('f', { url: 'http://example.org:80' })));
    put('g', '');
    symlinkSync(at('c'), at('h'));
    expect(runs.list(workspace)).toEqual([]);
    // One’s own is made anew over it.
    expect(runs.leave(run('b'))).toBe(true);
    expect(runs.list(workspace)).toEqual([run('b')]);
  });

  it('MCH-1: tells when one comes and goes', async () => {
    const state = scratch();
    const runs = openRunDirectory(state);
    let told: () => void = () => undefined;
    const next = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    const stop = runs.watch(() => told());
    onTestFinished(stop);
    const come = next();
    runs.leave(run('b'));
    await come;
    const gone = next();
    runs.remove(run('b'));
    await gone;
  });
});
