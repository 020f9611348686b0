import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { home } from '../../replica/support/open.ts';
import { start } from '../node/start.ts';

const suite = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json')).replace(
  /package\.json$/,
  'dist/index.js',
);

/** The scenarios that ask for what this server offers. docs/mcp.md says which are left, and why. */
const scenarios = [
  'server-initialize',
  'ping',
  'tools-list',
  'resources-list',
  'resources-subscribe',
  'resources-unsubscribe',
  'server-sse-multiple-streams',
  'server-sse-polling',
  'dns-rebinding-protection',
];

/** The suite has no tokens. This puts one on whatever passes, and leaves a foreign Host or Origin as it is. */
async function withToken(node: Node): Promise<string> {
  const token = tokenOf(node.directory, 'kai');
  let port = 0;
  const renamed = (header: string | undefined) => header?.replace(new RegExp(`:${port}$`), `:${node.port}`);
  const server = createServer((incoming, outgoing) => {
    const { host, origin, ...rest } = incoming.headers;
    const headers = {
      ...rest,
      authorization: `Bearer ${token}`,
      host: renamed(host),
      ...(origin === undefined ? {} : { origin: renamed(origin) }),
    };
    const { url: path, method } = incoming;
    const onward = request({ host: '127.0.0.1', port: node.port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  ({ port } = server.address() as AddressInfo);
  return `http://localhost:${port}/mcp`;
}

/** What a scenario said, and how it ended. */
function run(scenario: string, url: string, cwd: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [suite, 'server', '--url', url, '--scenario', scenario], { cwd });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => (said += part));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
  });
}

it.each(scenarios)('passes the conformance scenario %s', async (scenario) => {
  const at = home();
  const node = await start(at);
  const { code, said } = await run(scenario, await withToken(node), at.root);
  expect(code, said).toBe(0);
  expect(said).toMatch(/Passed: (\d+)\/\1, 0 failed/);
});
