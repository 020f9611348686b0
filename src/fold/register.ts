import { compareText } from './order.ts';
import { speaker } from './shared.ts';
import type { Op, Past, Register, Written } from './types.ts';

/** The value that `op` writes. */
export const written = <T>(op: Op, value: T): Written<T> => ({
  op: op.hash,
  stamp: op.header.stamp,
  by: speaker(op.header),
  value,
});

/**
 * A register with one more write: it replaces what its past shows, what was written apart from it stays beside it.
 * The latest stamp, then the highest hash, comes first.
 */
export const write = <T>(register: Register<T>, op: Op, past: Pick<Past, 'has'>, value: T): Register<T> =>
  place(register, past, written(op, value));

/** The same for a value that says more than itself. */
export function place<W extends Written<unknown>>(
  register: readonly W[],
  past: Pick<Past, 'has'>,
  value: W,
): readonly W[] {
  const apart = register.filter((other) => !past.has(other.op));
  return apart.length === 0 ? [value] : [...apart, value].sort(latestFirst);
}

/** The same for a field that an operation may leave alone: `undefined` changes nothing. */
export const writeIf = <T>(
  register: Register<T>,
  op: Op,
  past: Pick<Past, 'has'>,
  value: T | undefined,
): Register<T> => (value === undefined ? register : write(register, op, past, value));

/** Latest stamp first, then highest hash: the first of a register is the one that shows. */
export const latestFirst = (
  a: { readonly stamp: string; readonly op: string },
  b: { readonly stamp: string; readonly op: string },
): number => compareText(b.stamp, a.stamp) || compareText(b.op, a.op);
