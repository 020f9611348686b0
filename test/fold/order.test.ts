import fc from 'fast-check';
import { expect, it } from 'vitest';
import { order, stampTime } from '../../src/fold/index.ts';
import { check, hashOf, stampAt } from './random.ts';
import { histories, kinds, play } from './world.ts';

it('FOLD-1: the order puts what was seen first, then the lowest stamp, then the lowest hash', () => {
  const { creation, write } = kinds['task']!;
  check(
    fc.property(histories(80), (history) => {
      const world = play(history, creation, write);
      const { ops, indexOf } = order(world.ops, world.ops[0]!.hash);
      const placed = new Set<string>();
      for (const op of ops) {
        const ready = world.ops.filter(
          ({ hash, header }) => !placed.has(hash) && header.after.every((parent) => placed.has(parent)),
        );
        ready.sort((a, b) => (a.header.stamp + a.hash < b.header.stamp + b.hash ? -1 : 1));
        expect(op).toBe(ready[0]);
        expect(indexOf.get(op.hash)).toBe(placed.size);
        placed.add(op.hash);
      }
      expect(placed.size).toBe(world.ops.length);
    }),
    60,
  );
});

it('FOLD-1: a past holds what the operation saw, through any number of steps, and nothing else', () => {
  const { creation, write } = kinds['task']!;
  check(
    fc.property(histories(120), (history) => {
      const world = play(history, creation, write);
      const graph = order(world.ops, world.ops[0]!.hash);
      for (const [index, op] of graph.ops.entries()) {
        const past = new Set(world.past(op));
        expect(graph.seesAll(index)).toBe(past.size === index);
        for (const [other, ancestor] of graph.ops.entries())
          expect(graph.sees(index, other)).toBe(past.has(ancestor));
      }
    }),
    60,
  );
});

it('FOLD-1: long branches apart, and what joins them, keep exact pasts', () => {
  const node = (name: string, at: number, ...after: string[]) => ({
    hash: hashOf(name),
    header: { stamp: stampAt(at, at), after: after.map(hashOf) },
  });
  const branch = (name: string, from: number) =>
    Array.from({ length: 300 }, (_, i) =>
      node(`${name}${i}`, from + 2 * i, i === 0 ? 'root' : `${name}${i - 1}`),
    );
  const ops = [node('root', 0), ...branch('a', 1), ...branch('b', 2), node('end', 9999, 'a299', 'b299')];
  const graph = order(ops, hashOf('root'));
  const at = (name: string) => graph.indexOf.get(hashOf(name))!;
  expect(graph.sees(at('a299'), at('a7'))).toBe(true);
  expect(graph.sees(at('a299'), at('b7'))).toBe(false);
  expect(graph.sees(at('b100'), at('root'))).toBe(true);
  expect(graph.seesAll(at('end'))).toBe(true);
  expect(graph.heads).toEqual([hashOf('end')]);
});

it('FOLD-10: a stamp holds its time', () => {
  expect(stampTime(stampAt(1_700_000_000_123, 9))).toBe(1_700_000_000_123);
  expect(stampTime(`7ZZZZZZZZZ${'0'.repeat(16)}`)).toBe(281_474_976_710_655);
});
