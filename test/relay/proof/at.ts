import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, startNode } from '../../../relay/node/node.ts';
import type { RelayInfo } from '../../../schemas/index.ts';
import { makeProof, type ProofFor } from '../../../src/keys/proof.ts';
import { syncSourceOf } from '../../../src/replica/sync/index.ts';
import { home } from '../../replica/support/open.ts';
import { asTexts, type Hand, hand, type Made } from '../../replica/sync/hand.ts';
import { session } from '../../replica/sync/support.ts';
import { shared } from '../../support/scratch.ts';
import { ask } from '../http/support.ts';

/** A node that kai made, and replicas that are nothing but a key, each of which hosts one member. */
export interface At {
  readonly node: Node;
  readonly audience: string;
  /** Admits a replica by the owner's seed; it hosts a member of that handle. */
  admit(handle: string): Promise<Hand>;
  /** A replica that nobody admitted. */
  stranger(): Hand;
  /** A proof of key for this node. */
  proof(by: Pick<Hand, 'publicKey' | 'sign'>, change?: Partial<ProofFor>): Promise<string>;
  take(...made: readonly Made[]): Promise<void>;
}

/** `later`: what ends it, where it is for more than one test. */
export async function nodeAt(later: (end: () => void | Promise<void>) => void = onTestFinished): Promise<At> {
  const place = shared();
  later(place.remove);
  const there = home(place.path);
  const node = await startNode({
    directory: there.directory,
    config: there.config,
    state: join(there.root, 'state'),
    as: 'kai',
    durability: 'os',
    embeddings: false,
    port: 0,
    log: openLog('silent'),
  });
  later(() => node.close());
  await node.replica.messages.post('general', { text: 'first' });
  const { key } = (await ask(`${node.url}/v1/relay`)).body as RelayInfo;
  const source = syncSourceOf(node.replica);
  const at: At = {
    node,
    audience: key,
    stranger: () => hand(there.root),
    async admit(handle) {
      const eve = hand(there.root);
      const admission = await eve.admission();
      const member = await eve.make({
        log: 'members',
        type: 'member.create',
        after: [admission.hash, ...(await node.replica.members.get('kai')).base],
        data: { handle, kind: 'agent', machine: eve.machine, role: 'member' },
      });
      await at.take(admission, member);
      return eve;
    },
    proof: (by, change = {}) =>
      makeProof(by, {
        audience: key,
        workspace: node.replica.workspace.id,
        now: Date.now(),
        random: randomBytes,
        ...change,
      }),
    async take(...made) {
      await source.take('log/members/1', asTexts(...made), session());
      await source.idle();
    },
  };
  return at;
}
