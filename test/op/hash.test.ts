import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Hash } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import {
  entryKey,
  fromBase32,
  fromBase64url,
  hash16,
  hashOf,
  keyId,
  toBase32,
  toBase64url,
  utf8,
} from '../../src/op/index.ts';

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });

describe('base32 and base64url', () => {
  test('OP-3 16 bytes there and back, as the schema has it', () => {
    fc.assert(
      fc.property(bytes(16), (raw) => {
        const text = toBase32(raw);
        expect(Hash.safeParse(text).success).toBe(true);
        expect(fromBase32(text)).toEqual(raw);
      }),
    );
  });

  test('OP-3 RFC 4648 alphabet', () => {
    expect(toBase32(utf8('foobarfoobarfoob'))).toBe('mzxw6ytbojtg633cmfzgm33pmi');
    expect(toBase32(new Uint8Array(16))).toBe('a'.repeat(26));
    expect(toBase32(new Uint8Array(16).fill(255))).toBe(`${'7'.repeat(25)}4`);
    expect(() => toBase32(new Uint8Array(15))).toThrow();
  });

  test('OP-3 reads exactly what the schema passes', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz234567A1-é'];
    const near = fc
      .array(fc.constantFrom(...letters.slice(0, 32)), { minLength: 25, maxLength: 26 })
      .map((all) => all.join(''));
    const far = fc
      .array(fc.constantFrom(...letters), { minLength: 24, maxLength: 27 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(near, far), (text) => {
        const read = (): string => toBase32(fromBase32(text));
        if (Hash.safeParse(text).success) expect(read()).toBe(text);
        else expect(read).toThrow('a hash is 26 base32 characters');
      }),
      { numRuns: 1000 },
    );
  });

  test('OP-5 base64url there and back, one spelling only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (raw) => {
        const text = toBase64url(raw);
        expect(text).toBe(Buffer.from(raw).toString('base64url'));
        expect(fromBase64url(text, raw.length)).toEqual(raw);
        expect(fromBase64url(text, raw.length + 1)).toBeUndefined();
      }),
    );
    const sig = toBase64url(new Uint8Array(64).fill(7));
    expect(sig).toHaveLength(86);
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const other = sig.slice(0, 85) + last;
      const raw = fromBase64url(other, 64);
      expect(raw === undefined || toBase64url(raw) === other).toBe(true);
    }
    expect(fromBase64url(`${sig.slice(0, 85)}=`, 64)).toBeUndefined();
    expect(fromBase64url(`${sig.slice(0, 85)}é`, 64)).toBeUndefined();
  });
});

describe('hashes', () => {
  test('OP-3 first 16 bytes of SHA-256', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        const digest = createHash('sha256').update(raw).digest();
        expect(Buffer.from(nodeCrypto.sha256(raw))).toEqual(digest);
        expect(hash16(nodeCrypto, raw)).toBe(toBase32(digest.subarray(0, 16)));
      }),
    );
    expect(hashOf(nodeCrypto, { b: 1, a: 'ä' })).toBe(hash16(nodeCrypto, utf8('{"a":"ä","b":1}')));
  });

  test('OP-6 an entry’s key is over the raw hash and the raw signature', () => {
    fc.assert(
      fc.property(bytes(16), bytes(64), (hash, sig) => {
        const joined = new Uint8Array([...hash, ...sig]);
        expect(entryKey(nodeCrypto, toBase32(hash), toBase64url(sig))).toBe(hash16(nodeCrypto, joined));
      }),
    );
    expect(() => entryKey(nodeCrypto, 'a'.repeat(26), 'A'.repeat(85))).toThrow();
    expect(() => entryKey(nodeCrypto, 'a'.repeat(25), 'A'.repeat(86))).toThrow();
  });

  test('OP-5 a key’s id is the hash of its raw bytes', () => {
    const raw = new Uint8Array(32).fill(3);
    expect(keyId(nodeCrypto, toBase64url(raw))).toBe(hash16(nodeCrypto, raw));
    expect(() => keyId(nodeCrypto, 'short')).toThrow('a public key is 43 base64url characters');
  });
});
