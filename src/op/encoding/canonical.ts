import { CoterieError } from '../../../schemas/index.ts';
import { assertStrict, maxDepth } from './strict.ts';

/** Signals a value that isn't strict JSON; `canonical` then finds out which, off the fast path. */
const refused = Symbol('refused');

/** Printable ASCII without quote and backslash: such a string is its own JSON. */
const plain = /^[ !#-[\]-~]*$/;

function writeString(value: string): string {
  if (value.length < 64 && plain.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw refused;
  return JSON.stringify(value);
}

function writeArray(value: readonly unknown[], depth: number): string {
  if (Object.getPrototypeOf(value) !== Array.prototype || Object.keys(value).length !== value.length)
    throw refused;
  let result = '[';
  for (let i = 0; i < value.length; i++) result += (i === 0 ? '' : ',') + write(value[i], depth + 1);
  return `${result}]`;
}

function sorted(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    // Most objects here are made in order already.
    if ((keys[i - 1] as string) > (keys[i] as string)) return keys.sort();
  }
  return keys;
}

function writeObject(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused;
  const fields = value as Readonly<Record<string, unknown>>;
  let result = '';
  for (const key of sorted(Object.keys(fields))) {
    if (key === '__proto__') throw refused;
    result += `${result === '' ? '{' : ','}${writeString(key)}:${write(fields[key], depth + 1)}`;
  }
  return result === '' ? '{}' : `${result}}`;
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0)) throw refused;
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= maxDepth) throw refused;
      return Array.isArray(value) ? writeArray(value, depth) : writeObject(value, depth);
    default:
      throw refused;
  }
}

/**
 * RFC 8785 JSON: keys by UTF-16 units, no spaces, numbers and escapes as ECMAScript writes them.
 * Throws `invalid`, naming the path, for what `assertStrict` refuses; symbol keys and accessors, which no decoder
 * makes, are left to `assertStrict`.
 */
export function canonical(value: unknown): string {
  try {
    return write(value, 0);
  } catch (error) {
    if (error !== refused) throw error;
    assertStrict(value);
    throw new CoterieError('invalid', 'value is not strict JSON', { cause: error });
  }
}
