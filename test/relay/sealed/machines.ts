import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { type SealedRelay, startSealedRelay } from '../../../relay/sealed/relay.ts';
import type { Client } from '../../../src/client/index.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { allOf } from '../../replica/support/open.ts';
import { nodeIn } from '../../support/node.ts';

export interface Machine {
  readonly node: Node;
  readonly client: Client;
}

/** A node in a directory of its own. Nodes of one `state` find each other; of two they do not. */
export async function machine(
  root: string,
  name: string,
  state: string,
  upstreams: readonly string[] = [],
): Promise<Machine> {
  const { node, as } = await nodeIn(root, {
    directory: join(root, name),
    state: join(root, state),
    as: name,
    upstreams,
  });
  onTestFinished(() => node.close());
  return { node, client: as(name) };
}

export const textsOf = async ({ client }: Machine): Promise<(string | null)[]> =>
  (await allOf((page) => client.messages.list('general', page))).map(({ text }) => text);

/** Resolves once this is so, looked at after each change of the replica. */
export async function once({ node }: Machine, is: () => Promise<boolean>): Promise<void> {
  const source = syncSourceOf(node.replica);
  let wake = (): void => undefined;
  const stop = source.onUpdate(() => wake());
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (await is()) return;
      await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
  } finally {
    stop();
  }
}

export const linked = (one: Machine): Promise<void> =>
  once(one, async () => {
    const { items } = await one.client.remotes.list();
    return items.length > 0 && items.every(({ state, lag }) => state === 'linked' && lag === 0);
  });

export const shows = (one: Machine, text: string): Promise<void> =>
  once(one, async () => (await textsOf(one)).includes(text));

export async function relayIn(directory: string, port = 0): Promise<SealedRelay> {
  const relay = await startSealedRelay({ directory, port, durability: 'os' });
  onTestFinished(() => relay.close());
  return relay;
}
