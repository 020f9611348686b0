import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readToken } from '../../relay/node/tokens.ts';
import { createClient } from '../../src/client/index.ts';
import { home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { type Agent, type NodeProcess, startAgent, startNode } from './agents.ts';

/** A user whose agents know of each other by a relay alone, as if each were somewhere else. */
export function relayed() {
  const user = home(scratch());
  const config = join(user.path, 'config');
  let url: string | undefined;

  return {
    user,
    /** Data of the relay. */
    data: user.data,
    directory: (name: string): string => join(user.path, name),
    acknowledged: (name: string): string => join(user.path, `${name}.acknowledged`),
    /** Starts the relay, at the same address each time. */
    async up(): Promise<NodeProcess> {
      const port = url === undefined ? [] : ['--port', new URL(url).port];
      const node = await startNode({ config, state: join(user.path, 'state'), data: user.data }, port);
      url = node.url;
      return node;
    },
    async agent(name: string): Promise<Agent> {
      const state = join(user.path, `state of ${name}`);
      mkdirSync(state, { recursive: true, mode: 0o700 });
      const upstreams = url === undefined ? [] : [url];
      const place = { config: join(config, 'coterie'), state };
      return startAgent(place, join(user.path, name), name, { upstreams });
    },
    /** The digest of the relay that runs. */
    async digest(): Promise<string> {
      const client = createClient({ url: url ?? '', token: readToken(user.data, 'node') });
      return (await client.status()).digest;
    },
  };
}

export const digestOf = async (agent: Agent): Promise<string> =>
  (await agent.ask<{ digest: string }>('digest')).digest;

export const linkedWith = async (agent: Agent): Promise<string[]> =>
  (await agent.ask<{ linked: string[] }>('linked')).linked;
