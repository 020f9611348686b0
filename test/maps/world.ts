import * as Y from 'yjs';
import type { Entry, Hash } from '../../schemas/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import { createAuthor, type LogMap, memberIdOf, readView, type View } from '../../src/maps/index.ts';
import { createClock, entryKey, makeGenesis, proveAdmission } from '../../src/op/index.ts';
import { randomFrom } from '../op/sample.ts';

/** Log documents as a stock client holds them: plain Yjs, nothing of ours. */
export function createWorld(seed: number) {
  const random = randomFrom(seed);
  let time = 1_700_000_000_000;
  const now = () => time++;
  const docs = new Map<string, Y.Doc>();
  const target = (document: string) => {
    const doc = docs.get(document) ?? new Y.Doc();
    docs.set(document, doc);
    return { document, ops: doc.getMap<Entry>('ops') };
  };
  const maps = (): LogMap[] => [...docs.keys()].map(target);
  const machine = signerFromSeed(generateSeed(random));

  return {
    docs,
    now,
    random,
    target,
    /** Makes the genesis: the workspace's id is its hash. */
    async begin() {
      const replica = signerFromSeed(generateSeed(random));
      const stamp = createClock({ now, random, replica: machine.id }).next();
      const about = { machine, name: 'team', arbiter: replica.id, stamp, random };
      const { hash, entry } = await makeGenesis(nodeCrypto, about);
      target('log/members/1').ops.set(entryKey(nodeCrypto, hash, entry.sig), entry);
      return hash;
    },
    view: (workspace: Hash): Promise<View> => readView({ crypto: nodeCrypto, workspace, maps: maps() }),
    /** A key of its own, admitted by the machine, that speaks for one member. */
    async join(workspace: Hash, handle: string) {
      const keySeed = generateSeed(random);
      const signer = signerFromSeed(keySeed);
      const member = memberIdOf(nodeCrypto, workspace, machine.publicKey, handle);
      const alone = createAuthor({ crypto: nodeCrypto, signer, workspace, now, random });
      const members = target('log/members/1');
      const view = () => readView({ crypto: nodeCrypto, workspace, maps: maps() });
      const key = { key: signer.publicKey, encryption: x25519FromSeed(keySeed).publicKey };
      const proof = await proveAdmission(machine, { workspace, ...key });
      await alone.write(await view(), members, { type: 'replica.admit', data: { ...key, ...proof } });
      await alone.write(await view(), members, {
        type: 'member.create',
        data: { handle, kind: 'agent', machine: machine.publicKey },
      });
      return { member, author: createAuthor({ crypto: nodeCrypto, signer, workspace, member, now, random }) };
    },
  };
}
