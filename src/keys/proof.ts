import { CoterieError } from '../../schemas/index.ts';
import { type Signer, toBase64url, utf8 } from '../op/index.ts';

/** What a proof of key is for. */
export interface ProofFor {
  /** The key that the listener proves, base64url: `GET /v1/relay` tells it. */
  readonly audience: string;
  /** The workspace's id, or the mailbox's. */
  readonly workspace: string;
  /** The document that it opens, and those below it; `''`, all of them, unless said. */
  readonly documents?: string | undefined;
  /** Handle of the member that a replica speaks for over HTTP. */
  readonly member?: string | undefined;
  /** The clock, ms. */
  readonly now: number;
  readonly random: (bytes: number) => Uint8Array;
  /** How long it lasts; at most 300, and 240 unless said, so that a clock that is ahead by a minute does no harm. */
  readonly seconds?: number | undefined;
}

/** Longest life of a proof, seconds. */
export const longestProof = 300;

const json = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)));

/**
 * A proof that one holds a replica's key: a JWT, signed with EdDSA, that is good at one listener, for one workspace, for
 * at most five minutes. It goes in `Authorization: Bearer` or as the subprotocol `token.<proof>`, never in a URL.
 */
export async function makeProof(
  { publicKey, sign }: Pick<Signer, 'publicKey' | 'sign'>,
  { audience, workspace, documents = '', member, now, random, seconds = 240 }: ProofFor,
): Promise<string> {
  if (!(seconds > 0 && seconds <= longestProof))
    throw new CoterieError('invalid', `a proof lasts up to ${longestProof} seconds, not ${seconds}`);
  const iat = Math.floor(now / 1000);
  const claims = {
    iss: publicKey,
    aud: audience,
    ws: workspace,
    doc: documents,
    ...(member === undefined ? {} : { mbr: member }),
    iat,
    exp: iat + Math.floor(seconds),
    jti: toBase64url(random(16)),
  };
  const signed = `${json({ alg: 'EdDSA', typ: 'coterie+jwt' })}.${json(claims)}`;
  return `${signed}.${await sign(utf8(signed))}`;
}
