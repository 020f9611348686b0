import type { Entry, Hash, Stamp } from '../../schemas/index.ts';
import type { Crypto, Signer } from './crypto.ts';
import { toBase32 } from './encoding/bytes.ts';
import { makeHeader, sealEntry } from './make.ts';

/**
 * Makes the first operation of a workspace, whose id is its hash: signed by the machine that it names as owner.
 * `arbiter`: the replica that makes it. `random` gives as many bytes as it is asked for.
 */
export async function makeGenesis(
  crypto: Pick<Crypto, 'sha256'>,
  options: {
    readonly machine: Signer;
    readonly name: string;
    readonly arbiter: Hash;
    readonly stamp: Stamp;
    readonly random: (bytes: number) => Uint8Array;
  },
): Promise<{ readonly hash: Hash; readonly entry: Entry }> {
  const { machine, name, arbiter, stamp, random } = options;
  const made = makeHeader(crypto, {
    stamp,
    workspace: '',
    log: 'members',
    replica: machine.id,
    seq: 1,
    prev: '',
    after: [],
    type: 'workspace.genesis',
    subject: '',
    data: { name, owner: machine.publicKey, arbiter, nonce: toBase32(random(16)) },
    random,
  });
  const sig = await machine.sign(made.signedBytes);
  return { hash: made.hash, entry: sealEntry(made.header, made.body, sig) };
}
