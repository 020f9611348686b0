import { expect, it } from 'vitest';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import { countersignBytes, hashOf, keyId, proofBytes, verifyAdmission } from '../../src/op/index.ts';

it('MCH-24: who countersigns and is no replica is checked by the key whose hash stands there, and by no other', async () => {
  const [replica, relay, other] = [generateSeed(), generateSeed(), generateSeed()].map((seed) =>
    signerFromSeed(seed),
  ) as [
    ReturnType<typeof signerFromSeed>,
    ReturnType<typeof signerFromSeed>,
    ReturnType<typeof signerFromSeed>,
  ];
  const seed = signerFromSeed(generateSeed());
  const workspace = hashOf(nodeCrypto, 'workspace');
  const invite = hashOf(nodeCrypto, 'invite');
  const admitted = {
    workspace,
    key: replica.publicKey,
    encryption: x25519FromSeed(generateSeed()).publicKey,
    seed: seed.publicKey,
  };
  const proof = await seed.sign(proofBytes(admitted));
  const at = 1_800_000_000_000;
  const named = keyId(nodeCrypto, relay.publicKey);
  const good = {
    replica: named,
    at,
    sig: await relay.sign(countersignBytes(admitted, invite, at)),
    key: relay.publicKey,
  };
  const verdict = async (countersign: Readonly<Record<string, unknown>>, known?: string) => {
    const { workspace: _, ...data } = { ...admitted, proof, invite, countersign };
    return (await verifyAdmission(nodeCrypto, { workspace, data }, () => known)).state;
  };
  expect(await verdict(good)).toBe('holds');
  const { key: _, ...without } = good;
  expect(await verdict(without)).toBe('waiting');
  // Of a replica that is known its own key counts, and is not asked for.
  expect(await verdict(without, relay.publicKey)).toBe('holds');
  const byOther = await other.sign(countersignBytes(admitted, invite, at));
  const cases: readonly Readonly<Record<string, unknown>>[] = [
    { ...good, key: other.publicKey },
    { ...good, key: other.publicKey, sig: byOther },
    { ...good, sig: byOther },
    { ...good, at: at + 1 },
    { ...good, key: 7 },
    { ...good, key: '' },
    { ...good, replica: keyId(nodeCrypto, other.publicKey) },
  ];
  for (const one of cases) expect(await verdict(one), JSON.stringify(one)).toBe('fails');
});
