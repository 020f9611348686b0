import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TLSSocket, type TlsOptions } from 'node:tls';
import type { Secure } from '../mux/socket.ts';
import type { LanKeys } from './keys.ts';

/** Sent in clear, so it is the same for all workspaces. */
const identity = 'coterie-lan-1';
const label = 'EXPORTER-coterie-mux';

/** The suites with SHA-256: a key that is shared beforehand has no other hash in OpenSSL's older interface. */
const common = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
} as const;

/**
 * Names a connection by what its two ends alone agreed on. Throws where no shared key opened it: a TLS 1.3 client that
 * offers one still talks to a server that shows a certificate instead.
 */
export function bindingOf(raw: Duplex): string {
  // A key that is shared beforehand counts as a session that goes on.
  if (!(raw instanceof TLSSocket) || !raw.isSessionReused() || raw.getProtocol() !== 'TLSv1.3')
    throw new Error('It did not open with the key of the workspace.');
  return raw.exportKeyingMaterial(32, label, Buffer.alloc(0)).toString('base64url');
}

/** TLS 1.3 by a key that is shared beforehand, with a fresh Diffie-Hellman exchange and without certificates. */
export const listenSettings = ({ connect }: LanKeys): TlsOptions => ({
  ...common,
  // What opens a connection is the key alone, never a ticket of an earlier one.
  secureOptions: constants.SSL_OP_NO_TICKET,
  pskCallback: (_socket, offered) => (offered === identity ? connect : null),
  handshakeTimeout: 10_000,
});

export const dialSettings = ({ connect }: LanKeys): Secure => ({
  tls: {
    ...common,
    // Nobody's certificate is one.
    ca: [],
    rejectUnauthorized: true,
    checkServerIdentity: () => new Error('It showed a certificate.'),
    pskCallback: () => ({ psk: connect, identity }),
  },
  binding: bindingOf,
});
