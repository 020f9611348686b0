import { CoterieError, MembersLog, type PublicKey } from '../../schemas/index.ts';
import { createCaller } from '../../src/client/call.ts';
import { fetchTransport } from '../../src/client/transport.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { makeProof } from '../../src/keys/proof.ts';
import { readEntry } from '../../src/op/index.ts';
import { pooledRandom } from '../../src/replica/random.ts';
import type { ReplicaSource } from '../../src/replica/sync/index.ts';

/** Whom what a relay sends comes from: no session. */
const nobody = 0;

/**
 * Takes in the members log of another replica of the workspace, which listens with this key. Its operations are judged as
 * any: what nobody signed who is in counts nowhere. Rejects as the relay refuses.
 */
export async function learnMembers(source: ReplicaSource, url: string, audience: PublicKey): Promise<void> {
  const { publicKey, workspace } = source;
  const proof = await makeProof(
    { publicKey, sign: (bytes) => source.sign(bytes) },
    { audience, workspace, now: Date.now(), random: pooledRandom },
  );
  const answer = await createCaller(url, proof, fetchTransport).json('GET', '/members-log');
  const parsed = MembersLog.safeParse(answer);
  if (!parsed.success)
    throw new CoterieError('unreachable', `${url} answered something that is no members log.`);
  const segments = new Map<number, [string, string][]>();
  for (const { segment, entry } of parsed.data.members) {
    const read = readEntry(nodeCrypto, entry);
    if (!read.ok) continue;
    const entries = segments.get(segment) ?? [];
    entries.push([read.key, JSON.stringify(entry)]);
    segments.set(segment, entries);
  }
  for (const [segment, entries] of segments) await source.take(`log/members/${segment}`, entries, nobody);
}
