import { Admission, type AdmissionRequest, CoterieError, muxProtocol } from '../../schemas/index.ts';
import { createCaller } from '../client/call.ts';
import type { Transport } from '../client/transport.ts';
import { type Admitted, type Crypto, proofBytes, type Signer, toBase64url, utf8 } from '../op/index.ts';
import { foreign, stranger, type TicketContent, unanswered } from './ticket/index.ts';

/** What the listening key signs, so that the answer is its own and of now. */
export const answerBytes = (nonce: string, countersignature: string): Uint8Array =>
  utf8(`coterie admission 1\n${nonce}\n${countersignature}`);

export interface AdmissionOptions {
  readonly ticket: Pick<TicketContent, 'workspace' | 'invite' | 'addresses' | 'key'>;
  /** The ticket's seed. */
  readonly seed: Signer;
  /** The key of this machine, by which uses are counted. */
  readonly machine: Signer;
  /** The keys of the new replica. */
  readonly replica: { readonly key: string; readonly encryption: string };
  readonly crypto: Pick<Crypto, 'verify'>;
  readonly transport: Transport;
  readonly random: (bytes: number) => Uint8Array;
}

/**
 * Asks the countersigner of a ticket to admit a replica, at each of its addresses until one answers. Asking again for
 * the same keys uses the ticket no further. Rejects with `unreachable` when nobody answers, with `ticket_expired`,
 * `ticket_used`, `ticket_invalid` or `protocol_newer` as the countersigner says, and with `ticket_elsewhere` where
 * someone else answers.
 */
export async function requestAdmission(options: AdmissionOptions): Promise<Admission> {
  const { ticket, seed, machine, replica, random } = options;
  const admitted: Admitted = { workspace: ticket.workspace, ...replica, seed: seed.publicKey };
  const bytes = proofBytes(admitted);
  const request: AdmissionRequest = {
    versions: [...muxProtocol.versions],
    ...admitted,
    proof: await seed.sign(bytes),
    machine: machine.publicKey,
    vouched: await machine.sign(bytes),
    nonce: toBase64url(random(24)),
  };
  let trouble: unknown;
  for (const address of ticket.addresses) {
    try {
      return await askAt(address, request, options);
    } catch (error) {
      // Another address may lead to the countersigner; what it says itself is final.
      trouble ??= error;
      if (!(error instanceof CoterieError) || !retried.has(error.code)) throw error;
      if (error.code !== 'unreachable') trouble = error;
    }
  }
  throw trouble;
}

const retried: ReadonlySet<string> = new Set(['unreachable', 'ticket_elsewhere', 'closed', 'busy']);

async function askAt(
  address: string,
  request: AdmissionRequest,
  { ticket, crypto, transport }: AdmissionOptions,
): Promise<Admission> {
  const caller = createCaller(address, undefined, transport);
  let answer: unknown;
  try {
    answer = await caller.json('POST', `/invites/${ticket.invite}/admissions`, { body: request });
  } catch (error) {
    if (!(error instanceof CoterieError)) throw error;
    // A node that has no such route, or asks for a token, is one of before tickets.
    if (foreign.has(error.code)) throw stranger(address, error);
    throw error.code === 'unreachable' ? unanswered(address, error) : error;
  }
  const parsed = Admission.safeParse(answer);
  if (!parsed.success) throw stranger(address);
  const { key, sig, countersign } = parsed.data;
  const proven =
    key === ticket.key && (await crypto.verify(key, answerBytes(request.nonce, countersign.sig), sig));
  if (!proven) throw stranger(address);
  return parsed.data as Admission;
}
