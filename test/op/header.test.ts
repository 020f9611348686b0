import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Header } from '../../schemas/index.ts';
import { judgeHeader } from '../../src/op/index.ts';
import { chainFrom, member, plainHeader, workspace } from './sample.ts';

const hash = fc
  .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'), { minLength: 25, maxLength: 25 })
  .chain((chars) => fc.constantFrom(...'aeimquy4b').map((last) => chars.join('') + last));
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1, -1, 1.5, 2 ** 53, 2 ** 53 - 1, 2 ** 48, 2 ** 48 - 1),
);
const stamp = fc
  .array(fc.constantFrom(...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'), { minLength: 25, maxLength: 27 })
  .chain((chars) => fc.constantFrom(...'0178').map((first) => first + chars.join('')));
const log = fc.oneof(
  fc.constantFrom(
    'members',
    'channels',
    'tasks',
    'memory',
    'reservations',
    'presence',
    'channel',
    'marks.',
    'x',
  ),
  hash.map((id) => `channel.${id}`),
  hash.map((id) => `marks.${id}`),
  hash.map((id) => `tasks.${id}`),
);
const imported = fc.record(
  {
    at: number,
    source: fc.oneof(fc.string(), fc.string({ minLength: 510, maxLength: 514 })),
    author: hash,
    extra: fc.string(),
  },
  { requiredKeys: [] },
);

/** Values that are right, nearly right and wrong for some field. */
const anyValue = fc.oneof(
  hash,
  number,
  stamp,
  log,
  imported,
  fc.array(hash, { maxLength: 10 }),
  fc.constantFrom('', null, true, [], {}),
  fc.string({ minLength: 60, maxLength: 68 }),
  fc.jsonValue(),
);

const known = [
  'v,stamp,workspace,log,replica,member,seq,prev,after,members,type,subject,key,data,bodyHash,imported',
  'extra,__x,constructor,toString',
]
  .join(',')
  .split(',');
const change = fc.record({
  field: fc.constantFrom(...known),
  value: fc.option(anyValue, { nil: undefined }),
});

/** What the schema says, in the words of the check by hand. */
function bySchema(value: unknown): 'known' | 'newer' | 'wrong' {
  const result = Header.safeParse(value);
  if (result.success) return 'known';
  return result.error.issues.every((issue) => issue.code === 'unrecognized_keys') ? 'newer' : 'wrong';
}

const byHand = (value: unknown): string => {
  const verdict = judgeHeader(value);
  return typeof verdict === 'string' ? verdict : 'wrong';
};

describe('the header check', () => {
  test('OP-14 says what the schema says, for headers changed in up to three fields', async () => {
    const { entry } = await chainFrom(1).make({
      members: [member],
      key: workspace,
      imported: { at: 1, source: 'x', author: member },
    });
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const header = plainHeader(entry);
        for (const { field, value } of changes) {
          if (value === undefined) delete header[field];
          else header[field] = value;
        }
        const verdict = byHand(header);
        expect(verdict).toBe(bySchema(header));
        seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      }),
      { numRuns: 3000 },
    );
    for (const verdict of ['known', 'newer', 'wrong']) expect(seen.get(verdict) ?? 0).toBeGreaterThan(100);
  });

  test('OP-14 says what the schema says, field by field', async () => {
    const { entry } = await chainFrom(1).make();
    const header = plainHeader(entry);
    fc.assert(
      fc.property(fc.constantFrom(...known), anyValue, (field, value) => {
        const changed = { ...header, [field]: value };
        expect(byHand(changed)).toBe(bySchema(changed));
      }),
      { numRuns: 3000 },
    );
  });

  test('OP-14 says what the schema says, for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(byHand(value)).toBe(bySchema(value));
      }),
    );
  });
});
