import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { entry } from '../cli/support.ts';

/** What a tool said. */
export interface Said {
  readonly text: string;
  readonly data: Record<string, unknown>;
  readonly failed: boolean;
}

/** The official client, with what the tests ask of it. */
export interface Agent {
  readonly client: Client;
  call(name: string, input?: Record<string, unknown>, options?: { signal?: AbortSignal }): Promise<Said>;
  /** As `call`, and it must have succeeded. */
  does(name: string, input?: Record<string, unknown>): Promise<Said>;
}

export const agentOf = (client: Client): Agent => {
  const call: Agent['call'] = async (name, input = {}, options) => {
    const result = await client.callTool({ name, arguments: input }, options);
    const [first] = result.content;
    return {
      text: first?.type === 'text' ? first.text : '',
      data: (result.structuredContent ?? {}) as Record<string, unknown>,
      failed: result.isError === true,
    };
  };
  return {
    client,
    call,
    async does(name, input) {
      const said = await call(name, input);
      expect(said.failed, said.text).toBe(false);
      return said;
    },
  };
};

type Options = ConstructorParameters<typeof Client>[1];

/** `coterie mcp` in a process of its own. */
export async function onStdio(
  home: { readonly path: string; readonly data?: string },
  args: readonly string[] = [],
  options?: Options,
): Promise<Agent & { readonly pid: number }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [entry, 'mcp', ...args],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home.path,
      USER: 'zoe',
      XDG_DATA_HOME: join(home.path, 'share'),
      XDG_CONFIG_HOME: join(home.path, 'config'),
      XDG_STATE_HOME: join(home.path, 'state'),
    },
    stderr: 'inherit',
  });
  const client = new Client({ name: 'test', version: '1' }, options);
  onTestFinished(() => client.close());
  await client.connect(transport);
  return { ...agentOf(client), pid: transport.pid ?? 0 };
}

/** Over streamable HTTP to a node, as a member. */
export async function onHttp(node: Node, handle: string, options?: Options): Promise<Agent> {
  const authorization = `Bearer ${tokenOf(node.directory, handle)}`;
  const transport = new StreamableHTTPClientTransport(new URL(`${node.url}/mcp`), {
    requestInit: { headers: { authorization } },
  });
  const client = new Client({ name: 'test', version: '1' }, options);
  onTestFinished(() => client.close());
  await client.connect(transport);
  return agentOf(client);
}

/** Both kinds of client: of the versions of the protocol with sessions, and of those without. */
export const eras: readonly (readonly [name: string, options: Options])[] = [
  ['with sessions', undefined],
  ['without sessions', { versionNegotiation: { mode: 'auto' } }],
];
