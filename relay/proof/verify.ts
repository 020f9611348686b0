import { decodeJwt, errors, importJWK, jwtVerify } from 'jose';
import { longestProof } from '../../src/keys/proof.ts';
import { fromBase64url } from '../../src/op/index.ts';

/** Where a proof is shown. */
export interface ShownTo {
  /** This listener's own key, base64url. */
  readonly audience: string;
  /** The workspace's id, or the mailbox's. */
  readonly workspace: string;
  /** The clock, ms. */
  readonly now: number;
}

/** Whose key was proved, and what for. Whether that key may do anything here is another question. */
export interface Proven {
  /** The public key, base64url. */
  readonly key: string;
  /** The document that it opens, and those below it; `''` for all. */
  readonly documents: string;
  /** Handle of the member that it speaks for, where it names one. */
  readonly member: string | undefined;
  /** ms. */
  readonly expires: number;
}

/**
 * Why a proof is none: it is over, not yet begun or too long (`expired`); its signature does not hold or is of another
 * kind (`forged`); it is for another listener or workspace; or it can't be read.
 */
export type ProofRefusal = 'expired' | 'forged' | 'audience' | 'workspace' | 'malformed';

/** Far more than a proof takes. */
const longest = 2048;
/** Clocks may be ahead of this one by as much, seconds. */
const ahead = 60;

const token = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** True for what has the form of a proof; a member's token has no dots. */
export const looksLikeProof = (text: string): boolean => text.includes('.');

/** True when a proof for `documents` opens the document of that name. */
export const opens = (documents: string, name: string): boolean =>
  documents === '' ||
  name === documents ||
  name.startsWith(documents.endsWith('/') ? documents : `${documents}/`);

/** What jose holds against a token. */
function reasonOf(error: unknown): ProofRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JWSSignatureVerificationFailed)
    return 'forged';
  if (error instanceof errors.JWTClaimValidationFailed && error.reason === 'check_failed') {
    if (error.claim === 'aud') return 'audience';
    if (error.claim === 'iat' || error.claim === 'nbf') return 'expired';
  }
  return 'malformed';
}

const optionalText = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === 'string';

/**
 * Checks a proof of key, whatever text it is: signature, listener, workspace and time. It never throws. `expired` and
 * what follows are told of a token whose signature holds alone.
 */
export async function verifyProof(
  text: string,
  { audience, workspace, now }: ShownTo,
): Promise<Proven | { readonly refused: ProofRefusal }> {
  if (text.length > longest || !token.test(text)) return { refused: 'malformed' };
  const seconds = now / 1000;
  try {
    const { iss } = decodeJwt(text);
    if (typeof iss !== 'string' || !fromBase64url(iss, 32)) return { refused: 'malformed' };
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: iss }, 'EdDSA');
    const { payload } = await jwtVerify(text, key, {
      algorithms: ['EdDSA'],
      typ: 'coterie+jwt',
      currentDate: new Date(now),
      requiredClaims: ['iss', 'aud', 'ws', 'doc', 'iat', 'exp', 'jti'],
    });
    const { aud, ws, doc, mbr, iat, exp, jti } = payload;
    if (iat === undefined || exp === undefined || typeof doc !== 'string' || !optionalText(mbr))
      return { refused: 'malformed' };
    if (typeof aud !== 'string' || typeof ws !== 'string' || typeof jti !== 'string')
      return { refused: 'malformed' };
    if (aud !== audience) return { refused: 'audience' };
    if (ws !== workspace) return { refused: 'workspace' };
    // Its length is bounded by both clocks, so that no clock makes a proof that lasts longer here.
    if (iat > seconds + ahead || exp - iat > longestProof || exp > seconds + longestProof)
      return { refused: 'expired' };
    return { key: iss, documents: doc, member: mbr, expires: exp * 1000 };
  } catch (error) {
    return { refused: reasonOf(error) };
  }
}
