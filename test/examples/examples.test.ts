import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { startNode, tokenOf } from '../../relay/index.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function home(): string {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-example-'));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves with all output when a line appears in it. */
  until(line: string): Promise<string>;
  /** Resolves with all output when the process ended with 0. */
  ended(): Promise<string>;
}

/** An example as its reader runs it: the built package, from the command line. */
function run(name: string, args: readonly string[], env: Record<string, string>): Running {
  const path = fileURLToPath(new URL(`../../examples/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { env: { ...process.env, ...env } });
  closing.push(() => void child.kill('SIGKILL'));
  let output = '';
  const told: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const tell of told.splice(0)) tell();
    });
  const end = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    async until(line) {
      for (;;) {
        if (output.includes(line)) return output;
        const more = new Promise<'more'>((resolve) => told.push(() => resolve('more')));
        if ((await Promise.race([more, end])) !== 'more' && !output.includes(line))
          throw new Error(`it ended without saying "${line}":\n${output}`);
      }
    },
    async ended() {
      const [code] = await end;
      expect(output, 'ends with 0').toSatisfy(() => code === 0);
      return output;
    },
  };
}

it('an agent that embeds a replica', async () => {
  const place = home();
  const env = { XDG_CONFIG_HOME: join(place, 'config') };
  const first = await run('embedded-agent', [join(place, 'data')], env).ended();
  expect(first).toContain('ready: scout-1 Look at the flaky test');
  expect(first).toContain('scout-1 is doing, claimed by scout');
  expect(first).toContain('recalled: 1');
});

it('an agent over HTTP and events answers whoever mentions it', async () => {
  const place = home();
  const directory = join(place, 'data');
  const node = await startNode({ directory, config: join(place, 'config'), as: 'kai', port: 0 });
  closing.push(() => node.close());
  const env = { COTERIE_URL: node.url, COTERIE_TOKEN: tokenOf(directory, 'echo') };
  const agent = run('http-agent', ['echo', '1'], env);
  await agent.until('listening');
  const asked = await node.replica.messages.post('general', { text: 'are you there, @echo?' });
  expect(await agent.ended()).toContain('answered kai');
  const { items } = await node.replica.messages.list('general');
  expect(items.find(({ thread }) => thread === asked.id)?.text).toBe('@kai I heard: are you there, @echo?');
});

it('a client with y-websocket and coterie/log alone reads general, posts, and claims a task', async () => {
  const place = home();
  const [directory, config] = [join(place, 'data'), join(place, 'config')];
  const node = await startNode({ directory, config, as: 'kai', port: 0, state: join(place, 'state') });
  closing.push(() => node.close());
  await node.replica.messages.post('general', { text: 'good morning' });
  const task = await node.replica.tasks.create({ title: 'Write the notes' });
  const env = { COTERIE_URL: node.url, COTERIE_TOKEN: tokenOf(directory, 'kai') };
  const said = await run('stock-client', [join(config, 'workspaces', 'default.json'), 'yara'], env).ended();
  expect(said).toContain('general: good morning');
  expect(said).toContain('claimed: true');
  const { items } = await node.replica.messages.list('general');
  expect(items.map(({ author, text }) => `${author.handle}: ${text}`)).toContain(
    'yara: Hello from a plain Yjs client.',
  );
  expect((await node.replica.tasks.get(task.id)).claim?.by.handle).toBe('yara');
});

it('two machines that work apart and meet', async () => {
  const said = await run('two-machines', [home()], {}).ended();
  expect(said).toContain('stored in the office: true');
  const [office = '', train = ''] = ['office:', 'train: '].map(
    (name) =>
      said
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.slice(name.length) ?? name,
  );
  expect(office).toContain('in the tunnel');
  expect(office).toContain('while the train was in the tunnel');
  expect(office.trim()).toBe(train.trim());
});
