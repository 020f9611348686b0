import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installed } from './install.ts';

const name = '@modelcontextprotocol/server-memory';

/** Installs the server where it is not there; answers its version. */
export const installMemoryServer = (directory: string): string => installed(directory, name);

interface Answer {
  readonly id?: number;
  readonly error?: unknown;
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text: string }[] };
}

/** A process of the server on a file, spoken to as its clients do: JSON-RPC, a line each. */
export async function startMemoryServer(directory: string, file: string) {
  const entry = join(directory, 'node_modules', ...name.split('/'), 'dist', 'index.js');
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, MEMORY_FILE_PATH: file },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  let last = 0;
  const send = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method: string, params: object): Promise<Answer> =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  const call = (tool: string, input: object): Promise<Answer> =>
    ask('tools/call', { name: tool, arguments: input });
  await ask('initialize', {
    protocolVersion: '2024-11-05',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  });
  send({ method: 'notifications/initialized' });
  return {
    /** All at once; answers how many were acknowledged. */
    async remember(names: readonly string[]): Promise<number> {
      const answers = await Promise.all(
        names.map((one) =>
          call('create_entities', {
            entities: [{ name: one, entityType: 'thing', observations: [`what is known of ${one}`] }],
          }),
        ),
      );
      return answers.filter(({ error, result }) => !error && !result?.isError).length;
    },
    /** Names of what is there; none where the server cannot read its file. */
    async names(): Promise<string[]> {
      const { error, result } = await call('read_graph', {});
      if (error || result?.isError) return [];
      const graph = JSON.parse(result?.content?.[0]?.text ?? '{}') as { entities?: { name: string }[] };
      return (graph.entities ?? []).map((one) => one.name);
    },
    async end(): Promise<void> {
      const over = new Promise((resolve) => void child.once('close', resolve));
      child.kill();
      await over;
    },
  };
}
