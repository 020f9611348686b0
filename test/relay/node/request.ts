import type { AdmissionRequest } from '../../../schemas/index.ts';
import { generateSeed, signerFromSeed, x25519FromSeed } from '../../../src/keys/node.ts';
import type { OpenedTicket } from '../../../src/machines/ticket/index.ts';
import { fromBase64url, proofBytes, toBase64url } from '../../../src/op/index.ts';

/** What a program sends that joins by a ticket with keys of its own. */
export async function request(
  ticket: OpenedTicket,
  more: Partial<AdmissionRequest> = {},
): Promise<AdmissionRequest> {
  const replica = generateSeed();
  const seed = signerFromSeed(fromBase64url(ticket.seed, 32) ?? new Uint8Array());
  const machine = signerFromSeed(generateSeed());
  const keys = { key: signerFromSeed(replica).publicKey, encryption: x25519FromSeed(replica).publicKey };
  const bytes = proofBytes({ workspace: ticket.workspace, ...keys, seed: seed.publicKey });
  return {
    versions: [1],
    workspace: ticket.workspace,
    ...keys,
    seed: seed.publicKey,
    proof: await seed.sign(bytes),
    machine: machine.publicKey,
    vouched: await machine.sign(bytes),
    nonce: toBase64url(generateSeed()),
    ...more,
  };
}
