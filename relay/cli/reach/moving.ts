import type { Transport, TransportAnswer } from '../../../src/client/transport.ts';
import { type Running, runningNode } from './running.ts';

/**
 * Requests to the node of a data directory, wherever it listens by now. Once a connection was lost the run file is read
 * again and what listens there asked who it is: a node that was started again may have another port, and at its old
 * one another program may listen, which must not get a token.
 */
export function movingTransport(directory: string, found: Running, transport: Transport): Transport {
  let current: Running | undefined = found;
  const lost = (): void => {
    current = undefined;
  };
  return async (asked) => {
    current ??= await runningNode(directory, transport);
    if (current === undefined)
      throw Object.assign(new Error(`no node runs on ${directory}`), { code: 'ECONNREFUSED' });
    const url = current.url + asked.url.slice(found.url.length);
    try {
      return heard(await transport({ ...asked, url }), lost);
    } catch (error) {
      lost();
      throw error;
    }
  };
}

/** What streams runs until it is left or the node goes: either way the node is looked for before the next request. */
const heard = (answer: TransportAnswer, ended: () => void): TransportAnswer => ({
  ...answer,
  async *chunks() {
    try {
      yield* answer.chunks();
    } finally {
      ended();
    }
  },
});
