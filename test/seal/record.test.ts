import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeCrypto, x25519FromSeed } from '../../src/keys/node.ts';
import { fromBase32, hash16, toBase64url, utf8 } from '../../src/op/index.ts';
import { openBox, sealTo } from '../../src/seal/box.ts';
import { chainNext, chainStart, recordHash } from '../../src/seal/chain.ts';
import { seal, unseal } from '../../src/seal/cipher.ts';
import { derive } from '../../src/seal/derive.ts';
import { documentIds, documentKey, epochMark, mailboxId } from '../../src/seal/names.ts';
import { noRecord, type Payload, readHead, readRecord, writeRecord } from '../../src/seal/record.ts';

const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const id32 = (): string => toBase64url(random(32));
const epoch = { id: hash16(nodeCrypto, utf8('an epoch')), secret: random(32) };
const place = { mailbox: mailboxId(nodeCrypto, epoch.id), document: id32() };
const key = documentKey(epoch, place.document);
const head = {
  epoch: epochMark(nodeCrypto, epoch.id),
  author: id32(),
  seq: 1,
  prev: noRecord,
  snapshot: undefined,
};
const name = 'log/members/1';

const update: fc.Arbitrary<Payload> = fc
  .uint8Array({ maxLength: 500 })
  .map((bytes) => ({ kind: 'update', update: bytes }));
const entries: fc.Arbitrary<Payload> = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.string()), { maxLength: 20 })
  .map((list) => ({
    kind: 'entries',
    entries: list.map(([bytes, text]) => [hash16(nodeCrypto, bytes), text.toWellFormed()] as const),
  }));

it('SLR-1: what was sealed opens with its key and what was beside it, and with nothing else', () => {
  // draft-irtf-cfrg-xchacha-03, A.3.1
  const text = utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const nonce = hex('404142434445464748494a4b4c4d4e4f5051525354555657');
  const additional = hex('50515253c0c1c2c3c4c5c6c7');
  const known = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const sealed = seal(known, text, additional, () => nonce);
  expect(Buffer.from(sealed.subarray(24)).toString('hex')).toBe(
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39' +
      'ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
      '21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
  );
  expect(unseal(known, sealed, additional)).toEqual(text);
  expect(unseal(known, sealed, hex('50'))).toBeUndefined();
  expect(unseal(random(32), sealed, additional)).toBeUndefined();
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed.slice();
    other[at] = (other[at] ?? 0) ^ 1;
    expect(unseal(known, other, additional)).toBeUndefined();
    expect(unseal(known, sealed.subarray(0, at), additional)).toBeUndefined();
  }
});

it('SLR-1: what the library of the system seals the other opens, and the other way, byte for byte', () => {
  for (const size of [0, 1, 63, 64, 65, 500, 16_384]) {
    const [key, nonce] = [random(32), random(24)];
    const [text, additional] = [random(size + 1).subarray(1), random(size % 7)];
    const [native, other] = [true, false].map((one) => seal(key, text, additional, () => nonce, one));
    expect(native).toEqual(other);
    for (const one of [true, false]) {
      expect(unseal(key, native!, additional, one)).toEqual(text.slice());
      // As a view of something larger, too.
      const inside = Buffer.concat([Buffer.alloc(5), native!]).subarray(5);
      expect(unseal(Buffer.from(key), inside, Buffer.from(additional), one)).toEqual(text.slice());
      const changed = native!.slice();
      changed[24 + size] = (changed[24 + size] ?? 0) ^ 1;
      expect(unseal(key, changed, additional, one)).toBeUndefined();
    }
  }
});

it('SLR-1: keys are derived as RFC 5869 has it', () => {
  expect(Buffer.from(derive(hex('0b'.repeat(22)), new Uint8Array(0), '', 42)).toString('hex')).toBe(
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  );
});

it('SLR-2: a box opens with the key that it was sealed to alone', () => {
  const [ana, bo] = [x25519FromSeed(random(32)), x25519FromSeed(random(32))];
  const box = sealTo(ana.publicKey, utf8('secret'), utf8('about'), random)!;
  expect(openBox(ana, box, utf8('about'))).toEqual(utf8('secret'));
  expect(openBox(bo, box, utf8('about'))).toBeUndefined();
  expect(openBox(ana, box, utf8('else'))).toBeUndefined();
  expect(sealTo('no key', utf8('secret'), utf8('about'), random)).toBeUndefined();
  // A point of small order gives everybody the same secret.
  expect(sealTo('A'.repeat(43), utf8('secret'), utf8('about'), random)).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(openBox(ana, bytes, utf8('about'))).toBeUndefined();
    }),
  );
});

it('SLR-4: what a record holds comes back, and no byte of it can be another', () => {
  fc.assert(
    fc.property(fc.oneof(update, entries), fc.nat(), (payload, at) => {
      const record = writeRecord({ place, head, key, name, payload, random });
      expect(readHead(record)).toEqual(head);
      expect(readRecord(place, record, key)).toEqual({ head, name, payload });
      const other = record.slice();
      other[at % other.length] = (other[at % other.length] ?? 0) ^ 0x40;
      expect(readRecord(place, other, key)).toBeUndefined();
    }),
  );
  const snapshot = { to: 12, chain: id32() };
  const payload: Payload = {
    kind: 'snapshot',
    update: random(50),
    authors: [[id32(), 3, id32()]],
  };
  const record = writeRecord({ place, head: { ...head, snapshot }, key, name, payload, random });
  expect(readHead(record)).toEqual({ ...head, snapshot });
  expect(readRecord(place, record, key)?.payload).toEqual(payload);
  expect(() => writeRecord({ place, head, key, name, payload, random })).toThrow('snapshot');
});

it('SLR-4: a record opens nowhere else, and bytes that are none are none', () => {
  const payload: Payload = { kind: 'update', update: random(50) };
  const record = writeRecord({ place, head, key, name, payload, random });
  expect(readRecord({ ...place, document: id32() }, record, key)).toBeUndefined();
  expect(readRecord({ ...place, mailbox: id32() }, record, key)).toBeUndefined();
  expect(readRecord(place, record, documentKey(epoch, id32()))).toBeUndefined();
  expect(() =>
    writeRecord({ place, head, key, name, payload: { kind: 'update', update: random(2 ** 21) }, random }),
  ).toThrow('more than a relay takes');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      readHead(bytes);
      expect(readRecord(place, bytes, key)).toBeUndefined();
    }),
  );
});

it('SLR-3: who lacks the founding epoch guesses no name, and all who have it find the same', () => {
  const ids = documentIds(place.mailbox, epoch);
  expect(ids(name)).toBe(documentIds(place.mailbox, { ...epoch })(name));
  expect(ids(name)).not.toBe(ids('log/members/2'));
  expect(ids(name)).not.toBe(documentIds(place.mailbox, { ...epoch, secret: random(32) })(name));
  expect(ids(name)).not.toBe(documentIds(id32(), epoch)(name));
  expect(
    Buffer.from(epochMark(nodeCrypto, epoch.id), 'base64url').includes(Buffer.from(fromBase32(epoch.id))),
  ).toBe(false);
});

it('SLR-5: the chain is over the place and every record before, in their order', () => {
  const of = { ...place, incarnation: id32() };
  const start = chainStart(nodeCrypto, of);
  const [one, two] = [recordHash(nodeCrypto, random(8)), recordHash(nodeCrypto, random(8))];
  const next = (chain: string, hash: string): string => chainNext(nodeCrypto, chain, hash);
  expect(next(next(start, one), two)).not.toBe(next(next(start, two), one));
  expect(chainStart(nodeCrypto, { ...of, incarnation: id32() })).not.toBe(start);
});
