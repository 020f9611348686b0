import { CoterieError } from '../../../schemas/index.ts';

/** Objects and arrays nested deeper than this are refused; so is every cycle. */
export const maxDepth = 32;

/** A step of a path as a reader of JavaScript would write it. */
const step = (key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;

interface Problem {
  readonly path: string;
  readonly what: string;
}

const leaf = (value: unknown): string | undefined => {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : 'holds a lone surrogate';
    case 'number':
      if (!Number.isFinite(value)) return 'is not a finite number';
      return Object.is(value, -0) ? 'is -0' : undefined;
    case 'boolean':
    case 'object':
      return undefined;
    default:
      return `is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  }
};

function findInArray(value: readonly unknown[], path: string, depth: number): Problem | undefined {
  if (Object.getPrototypeOf(value) !== Array.prototype) return { path, what: 'is not a plain array' };
  if (Reflect.ownKeys(value).length !== value.length + 1)
    return { path, what: 'is sparse or has properties' };
  for (let i = 0; i < value.length; i++) {
    const problem = find(value[i], `${path}[${i}]`, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

function findInObject(value: object, path: string, depth: number): Problem | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return { path, what: 'is not a plain object' };
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') return { path, what: 'has a symbol as key' };
    if (key === '__proto__') return { path, what: 'has the key __proto__' };
    if (!key.isWellFormed()) return { path, what: 'has a key with a lone surrogate' };
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (!property?.enumerable || !('value' in property))
      return { path: path + step(key), what: 'is not a plain property' };
    const problem = find(property.value, path + step(key), depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

function find(value: unknown, path: string, depth: number): Problem | undefined {
  const what = leaf(value);
  if (what !== undefined) return { path, what };
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= maxDepth) return { path, what: `is nested deeper than ${maxDepth}, or in a cycle` };
  return Array.isArray(value) ? findInArray(value, path, depth) : findInObject(value, path, depth);
}

/**
 * Passes plain JSON data that survives every encoding used here, and nothing else: well-formed strings, finite numbers
 * other than -0, booleans, null, dense arrays, plain objects, at most 32 levels deep.
 * Throws `invalid` with the path of the first offending value; `path` names the root.
 */
export function assertStrict(value: unknown, path = 'value'): void {
  const problem = find(value, path, 0);
  if (problem) throw new CoterieError('invalid', `${problem.path} ${problem.what}`);
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) result[key] = copy(item);
  return result;
}

/** A deep copy of plain data, checked as `assertStrict` does: whoever holds the original can't change the copy. */
export function strictCopy<T>(value: T): T {
  assertStrict(value);
  return copy(value) as T;
}
