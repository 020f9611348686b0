import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds since 1970 with a fraction, the same in every process of the machine. */
export const wallClock = (): number => performance.timeOrigin + performance.now();

/** A process of our own that answers questions over IPC. */
export interface Child {
  readonly pid: number;
  /** Sends a message, resolves with the answer. */
  ask<Answer>(message: unknown): Promise<Answer>;
  /** Asks it to end, waits until it has. */
  end(): Promise<void>;
}

const url = (name: string): URL => new URL(`../child/${name}.js`, import.meta.url);

function failed(child: ChildProcess, name: string): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the process ${name} ended (${signal ?? code})`)));
  });
}

/**
 * Starts `bench/child/<name>.ts` as a process and resolves with the one message that it sends; then it has ended.
 * `flags` are Node's own.
 */
export async function runChild<Answer>(
  name: string,
  input: unknown,
  flags: readonly string[] = [],
): Promise<Answer> {
  const started = wallClock();
  const execArgv = [...process.execArgv, ...flags];
  const child = fork(url(name), [JSON.stringify({ ...(input as object), started })], { execArgv });
  const failure = failed(child, name);
  failure.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), failure])) as [Answer | { error: string }];
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (typeof message === 'object' && message !== null && 'error' in message)
    throw new Error(`the process ${name} failed: ${message.error}`);
  return message as Answer;
}

/** Starts a process that stays and answers one question at a time; the first answer is to its start. */
export async function startChild<Ready>(name: string, input: unknown): Promise<Child & { ready: Ready }> {
  const child = fork(url(name), [JSON.stringify(input)]);
  const failure = failed(child, name);
  failure.catch(() => undefined);
  const next = async <Answer>(): Promise<Answer> => {
    const [message] = (await Promise.race([once(child, 'message'), failure])) as [Answer | { error: string }];
    if (typeof message === 'object' && message !== null && 'error' in message)
      throw new Error(`the process ${name} failed: ${message.error}`);
    return message as Answer;
  };
  const ready = await next<Ready>();
  return {
    pid: child.pid ?? 0,
    ready,
    ask(message) {
      const answer = next();
      child.send(message as object);
      return answer as Promise<never>;
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      // One that failed has gone already, or is about to.
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}

/** In a child: what it was started with. */
export const given = <Input>(): Input => JSON.parse(process.argv[2] ?? '{}') as Input;

/** In a child that answers once: runs, sends what came of it, leaves. */
export async function answerOnce(work: () => Promise<unknown>): Promise<void> {
  let message: unknown;
  let isFailed = false;
  try {
    message = await work();
  } catch (error) {
    isFailed = true;
    message = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  await new Promise<void>((resolve) => process.send?.(message, () => resolve()));
  process.disconnect?.();
  // What failed may have left something open.
  if (isFailed) process.exit(1);
}

/** In a child that stays: answers each message until the parent is gone, then runs `end`. */
export function answerEach<Question>(
  ready: unknown,
  work: (question: Question) => Promise<unknown>,
  end: () => Promise<void>,
): void {
  process.on('message', (question: Question) => {
    work(question).then(
      (answer) => process.send?.(answer ?? null),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.once('disconnect', () => {
    void end().finally(() => process.exit());
  });
  process.send?.(ready ?? null);
}
