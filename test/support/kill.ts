import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a child ends. Without either it runs to its own end. */
export interface ChildOptions {
  /** SIGKILL after so many milliseconds. */
  readonly killAfterMs?: number;
  /** SIGKILL as soon as so many lines were acknowledged. */
  readonly killAfterLines?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ChildEnd {
  /** Lines that the child wrote in full to its standard output: what it acknowledged. */
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs a script with Node and kills it as asked, with no chance to clean up. */
export async function runChild(
  script: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<ChildEnd> {
  const { killAfterMs, killAfterLines = Number.POSITIVE_INFINITY, env = {} } = options;
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // With io_uring calls would not pass through the C library, where they are recorded.
    env: { ...process.env, UV_USE_IO_URING: '0', ...env },
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let said = '';
  let stderr = '';
  let count = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    count += chunk.split('\n').length - 1;
    if (count >= killAfterLines) child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  await once(child, 'close');
  clearTimeout(timer);
  return { lines: said.split('\n').slice(0, -1), code: child.exitCode, signal: child.signalCode, stderr };
}
