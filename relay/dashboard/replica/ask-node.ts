import type { OwnReplica } from '../../../schemas/index.ts';
import { createCaller } from '../../../src/client/call.ts';
import { fetchTransport } from '../../../src/client/transport.ts';
import { openedKeys } from './page-key.ts';

let answer: Promise<OwnReplica> | undefined;

/** Has the node let the replica of this page in, as the person who is logged in: once for an opening. */
export function askNode(): Promise<OwnReplica> {
  answer ??= createCaller(location.origin, undefined, fetchTransport)
    .json<OwnReplica>('POST', '/replicas', { body: openedKeys() })
    .catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
  return answer;
}
