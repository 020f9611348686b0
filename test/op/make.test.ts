import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoterieError, Entry, Header, limits } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import {
  canonical,
  checkEntry,
  type HeaderInput,
  hash16,
  hashOf,
  makeHeader,
  readEntry,
  utf8,
  verifySignature,
} from '../../src/op/index.ts';
import { chainFrom, member, plainHeader, randomFrom, workspace } from './sample.ts';

const random = randomFrom(11);
const input = (change: Partial<HeaderInput> = {}): HeaderInput => ({
  stamp: '01HF0000000000000000000000',
  workspace,
  log: 'memory',
  replica: member,
  member,
  seq: 1,
  prev: '',
  after: [],
  type: 'memory.create',
  subject: '',
  data: { tags: ['a'] },
  body: { text: 'remember' },
  random,
  ...change,
});

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof CoterieError) return error.code;
    throw error;
  }
  return 'none';
};

describe('making an operation', () => {
  test('OP-4 the hash is over the canonical header, the signed bytes are its UTF-8', () => {
    const { header, hash, signedBytes } = makeHeader(nodeCrypto, input());
    expect(Header.safeParse(header).success).toBe(true);
    expect(signedBytes).toEqual(utf8(canonical(header)));
    expect(hash).toBe(hashOf(nodeCrypto, header));
    // Made in canonical order.
    expect(JSON.stringify(header)).toBe(canonical(header));
  });

  test('OP-7 a body has a fresh salt and matches bodyHash', () => {
    const a = makeHeader(nodeCrypto, input());
    const b = makeHeader(nodeCrypto, input());
    expect(a.header.bodyHash).toBe(hashOf(nodeCrypto, a.body));
    expect(a.body?.salt).toMatch(/^[a-z2-7]{26}$/);
    expect(a.body?.salt).not.toBe(b.body?.salt);
    expect(a.hash).not.toBe(b.hash);
  });

  test('OP-7 no text, no body', () => {
    for (const body of [undefined, {}, { text: undefined }]) {
      const made = makeHeader(nodeCrypto, input({ body }));
      expect(made.body).toBeUndefined();
      expect(made.header).not.toHaveProperty('bodyHash');
    }
    expect(codeOf(() => makeHeader(nodeCrypto, input({ body: { salt: 'x' } })))).toBe('invalid');
  });

  test('OP-1 refuses what is not strict, and keeps nothing of the input', () => {
    for (const change of [
      { data: { a: -0 } },
      { data: JSON.parse('{"__proto__":1}') },
      { body: { text: '\ud800' } },
      { seq: Number.NaN },
      { imported: { at: 1, source: '\udfff' } },
    ] as Partial<HeaderInput>[])
      expect(codeOf(() => makeHeader(nodeCrypto, input(change)))).toBe('invalid');
    const data = { tags: ['a'] };
    const after = [member];
    const { header, hash } = makeHeader(nodeCrypto, input({ data, after }));
    data.tags.push('b');
    after.pop();
    expect(hashOf(nodeCrypto, header)).toBe(hash);
  });

  test('OP-8 sizes are counted in bytes of UTF-8, to the byte', () => {
    const sizeOf = (text: string): number =>
      makeHeader(nodeCrypto, input({ data: { text } })).signedBytes.length;
    const room = limits.headerBytes - sizeOf('');
    expect(sizeOf('x'.repeat(room))).toBe(limits.headerBytes);
    expect(codeOf(() => sizeOf('x'.repeat(room + 1)))).toBe('too_large');
    expect(codeOf(() => sizeOf('é'.repeat(room / 2 + 1)))).toBe('too_large');

    const entry = (text: string) => {
      const { header, body } = makeHeader(nodeCrypto, input({ body: { text } }));
      return { header, body, sig: 'A'.repeat(86) };
    };
    const space = limits.entryBytes - utf8(canonical(entry(''))).length;
    expect(utf8(canonical(entry('x'.repeat(space)))).length).toBe(limits.entryBytes);
    expect(readEntry(nodeCrypto, entry('x'.repeat(space))).ok).toBe(true);
    expect(codeOf(() => entry('x'.repeat(space + 1)))).toBe('too_large');
    expect(codeOf(() => entry('\u0001'.repeat(Math.ceil(space / 6) + 1)))).toBe('too_large');
  });
});

describe('tampering', () => {
  test('OP-4 OP-5 any change of any header field breaks hash and signature', async () => {
    const chain = chainFrom(3);
    const { entry, hash } = await chain.make({
      members: [member],
      key: workspace,
      imported: { at: 5, source: 'slack:1', author: member },
      data: { thread: workspace, mentions: [member] },
    });
    expect(await verifySignature(nodeCrypto, entry, chain.signer.publicKey)).toBe(true);
    const fields = Object.keys(plainHeader(entry));
    expect(fields).toHaveLength(16);

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...fields),
        fc.oneof(fc.constant('remove'), fc.jsonValue()),
        async (field, value) => {
          const header = plainHeader(entry);
          const before = canonical(header);
          if (value === 'remove') delete header[field];
          else header[field] = value;
          const changed = canonicalOr(header);
          // A value that is not strict JSON has no bytes that could be signed.
          fc.pre(changed !== '' && changed !== before);
          const forged = { ...entry, header: header as Header };
          expect(hash16(nodeCrypto, utf8(canonical(header)))).not.toBe(hash);
          expect(await verifySignature(nodeCrypto, forged, chain.signer.publicKey)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('OP-5 another key, another signature, a bit of either: false, never an error', async () => {
    const chain = chainFrom(4);
    const { entry } = await chain.make();
    const other = chainFrom(5);
    expect(await verifySignature(nodeCrypto, entry, other.signer.publicKey)).toBe(false);
    expect(await verifySignature(nodeCrypto, entry, 'nonsense')).toBe(false);
    const raw = Buffer.from(entry.sig, 'base64url');
    for (let bit = 0; bit < 512; bit += 7) {
      const flipped = Buffer.from(raw);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const forged = { ...entry, sig: flipped.toString('base64url') };
      expect(await verifySignature(nodeCrypto, forged, chain.signer.publicKey)).toBe(false);
    }
    for (const sig of ['', 'A'.repeat(85), `${entry.sig}A`, `${entry.sig.slice(0, 85)}=`])
      expect(await verifySignature(nodeCrypto, { ...entry, sig }, chain.signer.publicKey)).toBe(false);
  });

  test('OP-13 a changed body or key is refused', async () => {
    const { entry, key } = await chainFrom(6).make();
    expect(checkEntry(nodeCrypto, entry, { key }).state).toBe('counted');
    expect(Entry.safeParse(entry).success).toBe(true);
    fc.assert(
      fc.property(fc.string(), fc.string(), (field, text) => {
        const body = { ...entry.body, [field]: text };
        fc.pre(Object.hasOwn(body, field) && text !== entry.body?.[field]);
        const read = readEntry(nodeCrypto, { ...entry, body });
        expect(read.ok).toBe(false);
      }),
    );
    expect(readEntry(nodeCrypto, entry, workspace)).toMatchObject({ ok: false, reason: 'schema' });
  });
});

function canonicalOr(value: unknown): string {
  try {
    return canonical(value);
  } catch {
    return '';
  }
}
