import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { CoterieError } from '../../schemas/index.ts';
import { codeOf } from '../node/private-file.ts';

/** Where a certificate, with those that vouch for it, and its key lie, as PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A pair that fits. */
export interface Pair {
  readonly options: SecureContextOptions;
  /** The names that it is for, lower case; none with a wildcard. */
  readonly names: readonly string[];
}

/** How often files are looked at, ms: a certificate is renewed weeks before it ends. */
const each = 5_000;

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CoterieError('tls_unusable', `${path} cannot be read (${codeOf(error) ?? 'unknown error'}).`);
  }
}

/** A key that others may read is one that others may be this machine with. Groups are how keys are shared with servers. */
function refuseExposed(path: string): void {
  if (process.platform === 'win32') return;
  const { mode } = statSync(path);
  if ((mode & 0o007) === 0) return;
  throw new CoterieError('tls_unusable', `${path} is open to all users of this machine.`, {
    hint: `Run: chmod o= '${path}'`,
  });
}

const namesOf = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '')
    .split(', ')
    .map((part) => /^(?:DNS|IP Address):([^*]+)$/.exec(part)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined)
    .map((name) => (name.includes(':') ? `[${shortest(name)}]` : name));

/** An IPv6 address as URLs have it. */
function shortest(address: string): string {
  return URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** Reads a pair. Throws `tls_unusable`, with what is wrong and with which file. */
export function readPair({ cert, key }: TlsFiles): Pair {
  const options = { cert: read(cert), key: read(key), minVersion: 'TLSv1.2' } as const;
  refuseExposed(key);
  try {
    createSecureContext(options);
    const certificate = new X509Certificate(options.cert);
    return { options, names: namesOf(certificate) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CoterieError('tls_unusable', `${cert} and ${key} are no certificate with its key: ${why}`);
  }
}

/** Calls `changed` after one of the files was replaced or rewritten, also by a link to another. Returns what ends that. */
export function watchPair({ cert, key }: TlsFiles, changed: () => void, interval = each): () => void {
  const listener = (): void => changed();
  for (const path of [cert, key]) watchFile(path, { interval, persistent: false }, listener);
  return () => {
    for (const path of [cert, key]) unwatchFile(path, listener);
  };
}
