import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** One value of DER: its tag, its length, its bytes. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, Math.floor(size / 256), size % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes));
const year = (of: number): Buffer =>
  der(0x17, Buffer.from(`${String(of % 100).padStart(2, '0')}0101000000Z`));
const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

const ecdsaSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

/** A name of a certificate: an IPv4 address or a DNS name. */
const named = (name: string): Buffer =>
  /^[0-9.]+$/.test(name)
    ? der(0x87, Buffer.from(name.split('.').map(Number)))
    : der(0x82, Buffer.from(name, 'ascii'));

interface Made {
  readonly cert: string;
  readonly key: string;
}

interface Issuing {
  readonly names: readonly string[];
  /** Of who it is, and of who vouches for it. */
  readonly called: string;
  readonly by: string;
  /** Whether it may vouch for others. */
  readonly vouches: boolean;
  readonly until: number;
  /** Signs with the key of who vouches; with its own where nobody else does. */
  readonly sign?: ((body: Buffer) => Buffer) | undefined;
}

const whoIs = (name: string): Buffer =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(name)))));

function issue({ names, called, by, vouches, until, sign: signed }: Issuing): Made {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, der(0x04, value));
  const serial = randomBytes(8);
  serial[0] = 1;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaSha256,
    whoIs(by),
    sequence(year(2020), year(until)),
    whoIs(called),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        ...(names.length > 0 ? [extension(oid(0x55, 0x1d, 0x11), sequence(...names.map(named)))] : []),
        extension(oid(0x55, 0x1d, 0x13), sequence(...(vouches ? [der(0x01, Buffer.from([0xff]))] : []))),
      ),
    ),
  );
  const signature = signed?.(body) ?? sign('sha256', body, privateKey);
  const cert = pem(sequence(body, ecdsaSha256, der(0x03, Buffer.from([0]), signature)));
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** A certificate for these names that vouches for itself, so that it is its own authority, and its key. */
export const makeCertificate = (...names: readonly string[]): Made =>
  issue({ names, called: 'test', by: 'test', vouches: true, until: 2049 });

/** An authority of one's own, and what it issues. */
export interface Authority {
  readonly cert: string;
  issue(names: readonly string[], until?: number): Made;
}

export function makeAuthority(called = 'authority of a test'): Authority {
  const own = issue({ names: [], called, by: called, vouches: true, until: 2049 });
  return {
    cert: own.cert,
    issue: (names, until = 2049) =>
      issue({
        names,
        called: 'a node',
        by: called,
        vouches: false,
        until,
        sign: (body) => sign('sha256', body, own.key),
      }),
  };
}
