import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import {
  type ReadableRelay,
  type ReadableRelayOptions,
  startReadableRelay,
} from '../../../relay/hosted/relay.ts';
import { openLog } from '../../../relay/node/log.ts';
import type { Node } from '../../../relay/node/node.ts';
import { scratch } from '../../support/scratch.ts';

/** A readable relay on a directory, which ends with the test. */
export async function startRelay(
  directory = join(scratch(), 'relay'),
  options: Partial<ReadableRelayOptions> = {},
): Promise<ReadableRelay> {
  const relay = await startReadableRelay({ directory, port: 0, log: openLog('silent'), ...options });
  onTestFinished(() => relay.close());
  return relay;
}

export const comes = <T>(what: () => Promise<T> | T) => expect.poll(what, { timeout: 80_000, interval: 20 });

/** What the link with each remote is, or why it is none. */
export const states = (node: Node) => async () =>
  (await node.replica.remotes.list()).items.map(({ state, trouble }) => trouble?.code ?? state);

export const texts = (node: Pick<Node, 'replica'>) => async () =>
  (await node.replica.messages.list('general')).items.map(({ text }) => text).sort();

export const post = (node: Pick<Node, 'replica'>, text: string) =>
  node.replica.messages.post('general', { text });

/** Updates that are not known to be stored at each remote. */
export const lag = (node: Node) => async () =>
  (await node.replica.remotes.list()).items.map(({ lag }) => lag);

/** Of each link that stands: whether both sides hold the same, documents not in step yet, updates not stored there yet. */
export const inStep = (node: Node) => async () =>
  (await node.replica.replicas.list()).items.flatMap(({ links }) =>
    links.flatMap(({ state, digest, syncing, lag }) => (state === 'linked' ? [[digest, syncing, lag]] : [])),
  );
