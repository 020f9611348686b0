import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { hashOf, mergeEntries, readEntry, stripped, verifySignature } from '../../src/op/index.ts';
import { chainFrom } from './sample.ts';

const redacts = ['r1', 'r2', 'r3', 'r4'].map((name) => hashOf(nodeCrypto, name)).sort();
const [a = '', b = '', c = '', d = ''] = redacts;

test('OP-7 OP-24 without its body an entry keeps hash, key and signature', async () => {
  const chain = chainFrom(1);
  const { entry, hash, key } = await chain.make({ body: { text: 'canary' } });
  const bare = stripped(entry, a);
  expect(JSON.stringify(bare)).not.toContain('canary');
  expect(readEntry(nodeCrypto, bare, key)).toMatchObject({ ok: true, hash, key });
  expect(await verifySignature(nodeCrypto, bare, chain.signer.publicKey)).toBe(true);
});

test('OP-24 stripping twice changes nothing', async () => {
  const { entry } = await chainFrom(1).make();
  expect(stripped(stripped(entry, a), a)).toEqual(stripped(entry, a));
  expect(entry.body).toBeDefined();
});

test('OP-25 merging forms: a valid redact wins, else the body; any order, any grouping, any number of times', async () => {
  const { entry } = await chainFrom(1).make();
  const bare: Entry = { header: entry.header, sig: entry.sig };
  // b and d are valid redacts.
  const known = (redact: string): boolean => redact === b || redact === d;
  const form = fc.constantFrom<Entry>(entry, bare, ...redacts.map((redact) => stripped(entry, redact)));
  fc.assert(
    fc.property(
      fc.array(form, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (forms, picks) => {
        const merge = (x: Entry, y: Entry): Entry => mergeEntries(x, y, known);
        const result = forms.reduce(merge);
        const names = forms.map((each) => each.redacted).filter((each) => each !== undefined);
        if (names.includes(b)) expect(result).toEqual(stripped(entry, b));
        else if (names.includes(d)) expect(result).toEqual(stripped(entry, d));
        else if (forms.includes(entry)) expect(result).toEqual(entry);
        else expect(result.body).toBeUndefined();

        expect(merge(result, result)).toEqual(result);
        for (const each of forms) expect(merge(each, result)).toEqual(result);
        const shuffled = [...forms].sort(() => ((picks.next().value as number) % 2) - 0.5);
        expect(shuffled.reduce(merge)).toEqual(result);
        expect(shuffled.reduceRight((x, y) => merge(y, x))).toEqual(result);
      },
    ),
  );
  expect(mergeEntries(entry, stripped(entry, a), known)).toBe(entry);
  expect(mergeEntries(stripped(entry, c), entry, known)).toBe(entry);
});
