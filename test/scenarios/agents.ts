import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const script = fileURLToPath(new URL('agent.mjs', import.meta.url));
const nodeEntry = fileURLToPath(new URL('../../dist/relay/cli/coterie.cjs', import.meta.url));

/** What processes of one user on one machine share. */
export interface Place {
  readonly config: string;
  readonly state: string;
}

/** An agent in a process of its own. */
export interface Agent {
  /** Id of its replica. */
  readonly id: string;
  readonly workspace: string;
  /** Where it listens for others. */
  readonly url: string;
  /** Asks it to do something; rejects with what it says went wrong. */
  ask<T>(verb: string, input?: object): Promise<T>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => void child.once('close', () => resolve()));

export interface AgentOptions {
  /** URLs of nodes and of other agents that it dials always. */
  readonly upstreams?: readonly string[];
  /** The command that it is started by, where that is another than Node. */
  readonly by?: readonly [string, ...string[]];
}

/** Starts an agent; resolves when its replica is open. */
export async function startAgent(
  place: Place,
  directory: string,
  as: string,
  { upstreams = [], by = [process.execPath] }: AgentOptions = {},
): Promise<Agent> {
  const [command, ...args] = by;
  const child = spawn(command, [...args, script, directory, place.config, place.state, as, ...upstreams], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
  };
  onTestFinished(stop);
  child.stdin.on('error', () => undefined);
  const answers: ((line: string) => void)[] = [];
  const fails: ((error: Error) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    fails.shift();
    answers.shift()?.(line);
  });
  void ended(child).then(() => {
    for (const fail of fails) fail(new Error(`the agent ${as} has ended`));
  });
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      answers.push(resolve);
      fails.push(reject);
    });
  const { ready, workspace, url } = JSON.parse(await next()) as {
    ready: string;
    workspace: string;
    url: string;
  };
  return {
    id: ready,
    workspace,
    url,
    async ask<T>(verb: string, input: object = {}): Promise<T> {
      const answer = next();
      child.stdin.write(`${JSON.stringify({ verb, ...input })}\n`);
      const said = JSON.parse(await answer) as T & { error?: string };
      if (said.error !== undefined) throw new Error(`${as}: ${said.error}`);
      return said;
    },
    kill: stop,
  };
}

/** A node in a process of its own. */
export interface NodeProcess {
  readonly url: string;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Runs a node as `coterie up` does. `by` is the command that it is started by, where that is another than Node. */
export async function startNode(
  home: { readonly config: string; readonly state: string; readonly data: string },
  more: readonly string[] = [],
  by: readonly [string, ...string[]] = [process.execPath],
): Promise<NodeProcess> {
  const [command, ...args] = by;
  const child = spawn(
    command,
    [...args, nodeEntry, 'up', '--port', '0', '--as', 'node', '--data', home.data, '--json', ...more],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home.data,
        XDG_CONFIG_HOME: home.config,
        XDG_STATE_HOME: home.state,
      },
    },
  );
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended(child);
  };
  onTestFinished(() => stop('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void ended(child).then(() => reject(new Error('the node has ended')));
  });
  return { url: (JSON.parse(line) as { url: string }).url, stop };
}

/** Whether all hold the same. */
export async function equal(agents: readonly Agent[]): Promise<boolean> {
  const digests = agents.map(async (one) => (await one.ask<{ digest: string }>('digest')).digest);
  return new Set(await Promise.all(digests)).size === 1;
}

/** Machines are busy, and who dials pauses for up to 30 s, ms. */
const minute = 60_000;

/** Resolves when a condition holds; asks each 50 ms, and gives up after a while with what it was about and how it is. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  how: () => Promise<unknown> = async () => '',
  patience = minute,
): Promise<void> {
  const end = performance.now() + patience;
  while (!(await holds())) {
    if (performance.now() > end)
      throw new Error(`it did not come to this: ${what}\n${JSON.stringify(await how(), undefined, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
