import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';

const run = promisify(execFile);

function missing(): string | undefined {
  try {
    execFileSync('unshare', ['-rn', 'sh', '-c', 'ip link add a0 type veth peer name a1'], {
      stdio: 'ignore',
    });
    return undefined;
  } catch {
    return 'network namespaces cannot be made here';
  }
}

it('MCH-20 MCH-22: two machines on a network without anything else find each other, and sync', async (context) => {
  const reason = missing();
  if (reason) return context.skip(reason);
  const script = new URL('./lan-namespaces.sh', import.meta.url).pathname;
  const coterie = new URL('../../dist/relay/cli/coterie.cjs', import.meta.url).pathname;
  const { stdout } = await run('unshare', ['-rn', 'bash', script, scratch(), coterie], { timeout: 120_000 });
  expect(stdout).toMatch(/"url": *"wss:\/\/192\.168\.77\.2:\d+"|"url": *null/);
  expect(stdout).toMatch(/"lan": *true/);
  expect(stdout).toContain('from the first');
}, 150_000);
