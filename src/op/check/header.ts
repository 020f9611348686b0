import { limits } from '../../../schemas/index.ts';

/**
 * `known`: the header schema holds. `newer`: it holds but for fields that this version doesn't know.
 * Otherwise the field that is wrong.
 */
export type HeaderVerdict = 'known' | 'newer' | { readonly field: string };

type Test = (value: unknown) => boolean;

// Written by hand, because every operation that arrives passes here; a test holds it equal to the schema.
const hashPattern = /^[a-z2-7]{25}[aeimquy4]$/;
const stampPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const logPattern = /^(?:members|channels|tasks|memory|reservations|(?:channel|direct|marks)\.[a-z2-7]{26})$/;
const maxMillis = 2 ** 48 - 1;

const isHash: Test = (value) => typeof value === 'string' && hashPattern.test(value);
const isHashOrEmpty: Test = (value) => value === '' || isHash(value);
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
const isHeads: Test = (value) => Array.isArray(value) && value.length <= limits.heads && value.every(isHash);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText =
  (max: number): Test =>
  (value) =>
    typeof value === 'string' && value.length >= 1 && value.length <= max;

type Fields = Readonly<Record<string, readonly [test: Test, required: boolean]>>;

const importedFields: Fields = {
  at: [
    (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maxMillis,
    true,
  ],
  source: [isText(512), true],
  author: [isHash, false],
};

const headerFields: Fields = {
  v: [isCount, true],
  stamp: [(value) => typeof value === 'string' && stampPattern.test(value), true],
  workspace: [isHashOrEmpty, true],
  log: [(value) => typeof value === 'string' && logPattern.test(value), true],
  replica: [isHash, true],
  member: [isHash, false],
  seq: [isCount, true],
  prev: [isHashOrEmpty, true],
  after: [isHeads, true],
  members: [isHeads, false],
  type: [isText(64), true],
  subject: [isHashOrEmpty, true],
  key: [isHash, false],
  data: [isRecord, true],
  bodyHash: [isHash, false],
  // Looked at on its own below.
  imported: [isRecord, false],
};

function fits(value: Readonly<Record<string, unknown>>, fields: Fields, prefix: string): HeaderVerdict {
  let found = 0;
  for (const field in fields) {
    const [test, required] = fields[field] as readonly [Test, boolean];
    if (!Object.hasOwn(value, field)) {
      if (required) return { field: prefix + field };
    } else {
      if (!test(value[field])) return { field: prefix + field };
      found++;
    }
  }
  return Object.keys(value).length === found ? 'known' : 'newer';
}

/** Compares plain, strict data with the header schema of operation version 1. */
export function judgeHeader(value: unknown): HeaderVerdict {
  if (!isRecord(value)) return { field: 'header' };
  const verdict = fits(value, headerFields, 'header.');
  if (typeof verdict !== 'string' || !isRecord(value['imported'])) return verdict;
  const imported = fits(value['imported'], importedFields, 'header.imported.');
  return typeof imported !== 'string' || imported === 'newer' ? imported : verdict;
}
