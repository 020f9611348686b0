import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import type { OwnReplica } from '../../../schemas/index.ts';
import { nodeCrypto, signerFromSeed, x25519FromSeed } from '../../../src/keys/node.ts';
import { proofBytes } from '../../../src/op/index.ts';
import { ask } from '../http/support.ts';
import { nodeAt } from '../proof/at.ts';

const ends: (() => void | Promise<void>)[] = [];
let node: Node;
beforeAll(async () => {
  ({ node } = await nodeAt((end) => ends.unshift(end)));
  await node.replica.as('ann').presence.set({ state: 'idle' });
});
afterAll(async () => {
  for (const end of ends) await end();
});

const seed = new Uint8Array(32).fill(7);
const keys = { key: signerFromSeed(seed).publicKey, encryption: x25519FromSeed(seed).publicKey };
const asked = (handle: string, json: object) =>
  ask(`${node.url}/v1/replicas`, { method: 'POST', token: tokenOf(node.directory, handle), json });

it("RLY-36: the person whose machine it is has a replica let in by the machine's word, which is of those keys alone", async () => {
  const answer = await asked('kai', keys);
  expect(answer.status).toBe(201);
  const { workspace, machine, members, proof } = answer.body as OwnReplica;
  expect(workspace).toEqual(node.replica.workspace);
  expect([proof.seed, members[0]?.entry.header.type]).toEqual([machine, 'workspace.genesis']);
  const holds = (key: string): Promise<boolean> =>
    nodeCrypto.verify(
      machine,
      proofBytes({ workspace: workspace.id, ...keys, key, seed: machine }),
      proof.proof,
    );
  expect([await holds(keys.key), await holds(keys.encryption)]).toEqual([true, false]);
});

it('RLY-36: nobody else of the machine gets one, and what is no key is refused', async () => {
  const other = await asked('ann', keys);
  expect([other.status, other.body]).toMatchObject([403, { error: { code: 'forbidden' } }]);
  const none = await asked('kai', { ...keys, key: 'x' });
  expect([none.status, none.body]).toMatchObject([400, { error: { code: 'invalid' } }]);
});
