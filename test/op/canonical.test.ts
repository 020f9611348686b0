import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoterieError } from '../../schemas/index.ts';
import { assertStrict, canonical, strictCopy } from '../../src/op/index.ts';

const strictJson = fc.jsonValue({ maxDepth: 6, noUnicodeString: false }).filter((value) => {
  try {
    assertStrict(value);
    return true;
  } catch {
    return false;
  }
});

/** Says again what a value holds, with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reordered(item)]),
  );
}

const message = (value: unknown): string => {
  try {
    assertStrict(value, 'data');
  } catch (error) {
    expect(error).toBeInstanceOf(CoterieError);
    expect((error as CoterieError).code).toBe('invalid');
    return (error as CoterieError).message;
  }
  return '';
};

const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)]);
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const sparse: unknown[] = [1];
sparse[2] = 3;
const named: unknown[] & { extra?: number } = [1];
named.extra = 1;
class Point {
  x = 1;
}
class List extends Array {}

const refused: readonly (readonly [name: string, value: unknown, message: string])[] = [
  ['undefined', undefined, 'data is undefined'],
  ['undefined in an object', { a: undefined }, 'data.a is undefined'],
  ['undefined in an array', [1, undefined], 'data[1] is undefined'],
  ['NaN', { a: [Number.NaN] }, 'data.a[0] is not a finite number'],
  ['infinity', Number.NEGATIVE_INFINITY, 'data is not a finite number'],
  ['-0', { 'a b': -0 }, 'data["a b"] is -0'],
  ['bigint', { a: 1n }, 'data.a is a bigint'],
  ['function', { a: () => 1 }, 'data.a is a function'],
  ['symbol', { a: Symbol('a') }, 'data.a is a symbol'],
  ['symbol key', { [Symbol('a')]: 1 }, 'data has a symbol as key'],
  ['high surrogate alone', { a: 'x\ud800' }, 'data.a holds a lone surrogate'],
  ['low surrogate alone', '\udc00x', 'data holds a lone surrogate'],
  ['lone surrogate in a key', { '\ud800': 1 }, 'data has a key with a lone surrogate'],
  ['__proto__', JSON.parse('{"a":{"__proto__":1}}'), 'data.a has the key __proto__'],
  ['Date', { a: new Date(0) }, 'data.a is not a plain object'],
  ['Map', new Map(), 'data is not a plain object'],
  ['bytes', new Uint8Array(2), 'data is not a plain object'],
  ['instance', new Point(), 'data is not a plain object'],
  ['array subclass', new List(), 'data is not a plain array'],
  ['sparse array', sparse, 'data is sparse or has properties'],
  ['array with properties', named, 'data is sparse or has properties'],
  ['cycle', cycle, `data${'.self'.repeat(32)} is nested deeper than 32, or in a cycle`],
  ['33 levels', nested(32), `data${'[0]'.repeat(32)} is nested deeper than 32, or in a cycle`],
  [
    'getter',
    {
      get a() {
        return 1;
      },
    },
    'data.a is not a plain property',
  ],
];

describe('strict values', () => {
  test.each(refused)('OP-1 refuses %s and names the path', (_name, value, expected) => {
    expect(message(value)).toBe(expected);
    expect(() => strictCopy(value)).toThrow(CoterieError);
  });

  test.each(refused.filter(([name]) => !['symbol key', 'getter'].includes(name)))(
    'OP-1 canonical refuses %s',
    (_name, value) => {
      expect(() => canonical(value)).toThrow(CoterieError);
      expect(() => canonical({ x: [value] })).toThrow(CoterieError);
    },
  );

  test('OP-1 passes plain data, 32 levels deep, and objects without prototype', () => {
    assertStrict({ a: [1, 'x', null, true, { b: 0 }] });
    assertStrict(nested(31));
    expect(canonical(nested(31))).toBe('['.repeat(32) + ']'.repeat(32));
    assertStrict(Object.assign(Object.create(null), { a: 1 }));
    expect(canonical(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });

  test('OP-1 a copy is equal, shares nothing, and keeps what the prototype says', () => {
    fc.assert(
      fc.property(strictJson, (value) => {
        const copied = strictCopy(value);
        expect(JSON.stringify(copied)).toBe(JSON.stringify(value));
        if (typeof value === 'object' && value !== null) expect(copied).not.toBe(value);
      }),
    );
    const data = { a: { b: [1] } };
    const copied = strictCopy(data);
    data.a.b.push(2);
    expect(copied).toEqual({ a: { b: [1] } });
  });
});

describe('canonical JSON', () => {
  const vectors: readonly (readonly [value: unknown, text: string])[] = [
    [null, 'null'],
    [[], '[]'],
    [{}, '{}'],
    [{ b: 1, a: [true, false, null] }, '{"a":[true,false,null],"b":1}'],
    // By UTF-16 units: the emoji's surrogates come before U+FB33; digits before letters, "10" before "9".
    [
      { '\ufb33': 1, '😂': 2, '€': 3, '\r': 4, 1: 5, ö: 6, '\u0080': 7 },
      '{"\\r":4,"1":5,"\u0080":7,"ö":6,"€":3,"😂":2,"\ufb33":1}',
    ],
    [{ 10: 'ten', 9: 'nine' }, '{"10":"ten","9":"nine"}'],
    [
      [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, 1e21, 1e-7, 9007199254740991, 5e-324, -1.5],
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,1e+21,1e-7,9007199254740991,5e-324,-1.5]',
    ],
    ['€$\u000f\nA\'B"\\\\"/\u007f\u2028', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\u2028"'],
    ['\b\t\n\f\r\u0000\u001f', '"\\b\\t\\n\\f\\r\\u0000\\u001f"'],
    [{ '': { '"': '\\' } }, '{"":{"\\"":"\\\\"}}'],
    ['x'.repeat(100), `"${'x'.repeat(100)}"`],
  ];

  test.each(vectors)('OP-2 vector %#', (value, text) => {
    expect(canonical(value)).toBe(text);
    expect(JSON.parse(text)).toEqual(value);
  });

  test('OP-2 one text for equal values in any order of keys, and it reads back', () => {
    fc.assert(
      fc.property(strictJson, (value) => {
        const text = canonical(value);
        expect(canonical(reordered(value))).toBe(text);
        expect(canonical(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('OP-2 different values have different texts', () => {
    fc.assert(
      fc.property(strictJson, strictJson, (a, b) => {
        let same = true;
        try {
          expect(a).toEqual(b);
        } catch {
          same = false;
        }
        expect(canonical(a) === canonical(b)).toBe(same);
      }),
    );
  });
});
