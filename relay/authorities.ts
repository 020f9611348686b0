import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls, { type SecureContext, type SecureContextOptions } from 'node:tls';
import { CoterieError } from '../schemas/index.ts';

/**
 * Whom this process believes that a certificate is somebody's, beyond those whom everybody believes. `NODE_EXTRA_CA_CERTS`
 * says the same, before Node starts. What is dialled with authorities of its own, or with none, is left alone.
 */

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a file. Throws `tls_unusable`, with what is wrong with it. */
export function readAuthorities(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CoterieError('tls_unusable', `${path} cannot be read (${code}).`);
  }
  const found = text.match(pem) ?? [];
  try {
    for (const one of found) new X509Certificate(one);
    if (found.length > 0) return found;
  } catch {
    // Told below.
  }
  throw new CoterieError('tls_unusable', `${path} holds no certificate of an authority, as PEM.`);
}

const own = new Set<string>();
let before: typeof tls.createSecureContext | undefined;

/** Those that were given to Node itself would be forgotten where others are named. */
function given(): readonly string[] {
  const path = process.env['NODE_EXTRA_CA_CERTS'];
  if (path === undefined || path === '') return [];
  try {
    return readAuthorities(path);
  } catch {
    // Node warned of it.
    return [];
  }
}

/**
 * Node 20 has no call for it. Everything that dials TLS, `fetch` too, gets its settings from this function, and the
 * authorities that everybody believes are what it takes where none are named.
 */
function extend(create: typeof tls.createSecureContext): typeof tls.createSecureContext {
  const usual = [...tls.rootCertificates, ...given()];
  return (options?: SecureContextOptions): SecureContext =>
    create(options?.ca === undefined && own.size > 0 ? { ...options, ca: [...usual, ...own] } : options);
}

/** Believes these too, in the whole process. Returns what takes that back. */
export function trustAlso(certificates: readonly string[]): () => void {
  if (before === undefined) {
    before = tls.createSecureContext;
    tls.createSecureContext = extend(before);
  }
  for (const one of certificates) own.add(one);
  return () => {
    for (const one of certificates) own.delete(one);
  };
}
