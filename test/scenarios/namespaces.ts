import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const forwarder = fileURLToPath(new URL('forwarder.mjs', import.meta.url));

/** How a process is started in a namespace: what stands before its own arguments. */
export type By = readonly [string, ...string[]];

/** A network of its own, with a loopback of its own. */
export interface Site {
  /** Starts Node there. */
  readonly node: By;
  /** Its address on the link. */
  readonly address: string;
  /** Connections to `host:port` there lead on to `to`. */
  forward(host: string, port: number, to: { readonly host: string; readonly port: number }): Promise<void>;
}

/** Two networks with one link between them. */
export interface Sites {
  readonly here: Site;
  readonly there: Site;
  /** Nothing gets through in either direction, and nobody is told. */
  cut(): void;
  mend(): void;
}

/** Starts a process that lasts as long as the test, and says a line when it is ready. */
async function standing(command: By): Promise<ChildProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let trouble = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    trouble += text;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(trouble.trim() || `${program} ended`)));
  });
  await Promise.race([once(child.stdout, 'data'), failed]);
  failed.catch(() => undefined);
  return child;
}

/** The namespace is there as long as this runs: until its input ends, at the latest with the test's process. */
const keeper = ['sh', '-c', 'echo ready; exec cat'];

/**
 * Makes two networks that are joined by a link: as root, or where a user may make namespaces of its own. Otherwise
 * answers why not.
 */
export async function openSites(): Promise<Sites | { readonly missing: string }> {
  if (process.platform !== 'linux')
    return { missing: `namespaces are of Linux, this is ${process.platform}` };
  const user = process.getuid?.() === 0 ? [] : ['-U', '--preserve-credentials'];
  const into = ({ pid }: ChildProcess): By => ['nsenter', '-t', String(pid), ...user, '-n'];
  function run(place: ChildProcess, line: string): void {
    const [program, ...args] = [...into(place), ...line.split(' ')] as [string, ...string[]];
    const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (error || status !== 0) throw error ?? new Error(`${line}: ${stderr.trim()}`);
  }
  try {
    const first = await standing(['unshare', ...(user.length > 0 ? ['-r'] : []), '-n', ...keeper]);
    const second = await standing([...into(first), 'unshare', '-n', ...keeper]);
    run(first, `ip link add near type veth peer name far netns ${second.pid}`);
    run(first, 'ip address add 10.77.0.1/30 dev near');
    run(second, 'ip address add 10.77.0.2/30 dev far');
    for (const [place, link] of [
      [first, 'near'],
      [second, 'far'],
    ] as const)
      for (const name of ['lo', link]) run(place, `ip link set ${name} up`);
    const siteOf = (place: ChildProcess, address: string): Site => {
      const node: By = [...into(place), process.execPath];
      return {
        node,
        address,
        async forward(host, port, to) {
          await standing([...node, forwarder, host, String(port), to.host, String(to.port)]);
        },
      };
    };
    return {
      here: siteOf(first, '10.77.0.1'),
      there: siteOf(second, '10.77.0.2'),
      cut: () => run(first, 'ip link set near down'),
      mend: () => run(first, 'ip link set near up'),
    };
  } catch (error) {
    return { missing: `no network namespaces: ${error instanceof Error ? error.message : String(error)}` };
  }
}
