import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

const main = new URL('../../../dist/relay/cli/coterie.cjs', import.meta.url).pathname;
const node = new URL('../../support/node-child.mjs', import.meta.url).pathname;

/** A process, and the line of JSON by which it said that it listens. */
export interface Started<Told> {
  readonly child: ChildProcess;
  readonly told: Told;
  /** With no chance to clean up; resolves when it is gone. */
  kill(): Promise<void>;
}

async function started<Told>(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Started<Told>> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  return {
    child,
    told: JSON.parse(said) as Told,
    async kill() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The command line's own sealed relay. */
export const relayChild = (
  directory: string,
  {
    port = 0,
    flags = [],
    env = {},
  }: { port?: number; flags?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Started<{ readonly url: string; readonly key: string; readonly code: string }>> =>
  started([main, 'relay', '--sealed', '--port', `${port}`, '--data', directory, '--json', ...flags], env);

/** A node that hosts `kai`. */
export const nodeChild = (
  directory: string,
  config: string,
  state: string,
): Promise<Started<{ readonly url: string }>> => started([node, directory, config, state], {});
