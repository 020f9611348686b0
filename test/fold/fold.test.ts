import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnyState,
  defaultChannel,
  extendSubject,
  type Folded,
  type FoldKind,
  foldSubject,
  folds,
  type Op,
  type SubjectFold,
} from '../../src/fold/index.ts';
import { check, hashOf, shuffled } from './random.ts';
import { headsOf, histories, kinds, play, type World } from './world.ts';

/** One fold as if it were of any kind: what the engine does is the same for all. */
const foldFor = (kind: string): SubjectFold<AnyState> =>
  folds[kind as FoldKind] as unknown as SubjectFold<AnyState>;

interface Case {
  readonly name: string;
  readonly fold: SubjectFold<AnyState>;
  readonly initial: AnyState | undefined;
  readonly play: (history: Parameters<typeof play>[0]) => World;
}

const cases: Case[] = [
  ...Object.entries(kinds).map(([name, { creation, write }]) => ({
    name,
    fold: foldFor(name),
    initial: undefined,
    play: (history: Parameters<typeof play>[0]) => play(history, creation, write),
  })),
  {
    name: 'default channel',
    fold: foldFor('channel'),
    initial: defaultChannel(hashOf('given'), 'general'),
    play: (history) => play(history, undefined, kinds['channel']!.write),
  },
];

const whole = (one: Case, world: World, ops: readonly Op[] = world.ops): Folded<AnyState> =>
  foldSubject(one.fold, ops, world.admitted, one.initial);

describe.each(cases)('$name', (one) => {
  it('FOLD-1: any order of arrival, with repeats, gives the same state and the same verdicts', () => {
    check(
      fc.property(histories(), fc.nat(), (history, seed) => {
        const world = one.play(history);
        const first = whole(one, world);
        const again = whole(one, world, shuffled([...world.ops, ...world.ops.slice(0, 5)], seed));
        expect(again.state).toEqual(first.state);
        expect(again.verdicts).toEqual(first.verdicts);
        expect(JSON.stringify(again.state)).toBe(JSON.stringify(first.state));
      }),
    );
  });

  it('FOLD-2: the fast path gives what a fold of the whole set gives, also from a stored state', () => {
    check(
      fc.property(histories(), fc.nat(), (history, seed) => {
        const world = one.play(history);
        let state = one.initial;
        const arrived: Op[] = [];
        for (const op of arrivals(world, seed)) {
          arrived.push(op);
          const full = whole(one, world, arrived);
          const stored: AnyState | undefined =
            state === undefined ? undefined : JSON.parse(JSON.stringify(state));
          const fast = stored && extendSubject(one.fold, stored, op, world.admitted(op));
          if (fast !== undefined) {
            expect(JSON.stringify(fast.state)).toBe(JSON.stringify(full.state));
            expect(fast.verdict).toEqual(full.verdicts.get(op.hash));
          }
          state = full.state;
        }
      }),
    );
  });

  it('FOLD-3: heads are what no other saw, rejected operations too', () => {
    check(
      fc.property(histories(), (history) => {
        const world = one.play(history);
        const { state } = whole(one, world);
        expect([...(state?.heads ?? [])].sort()).toEqual(headsOf(world.ops).sort());
        expect(state?.operations ?? 0).toBe(world.ops.length);
      }),
      100,
    );
  });

  it('FOLD-4: a verdict is a function of what the operation saw; what arrives later never changes it', () => {
    check(
      fc.property(histories(), (history) => {
        const world = one.play(history);
        const { verdicts } = whole(one, world);
        for (const op of world.ops) {
          const alone = whole(one, world, [...world.past(op), op]);
          expect(alone.verdicts.get(op.hash)).toEqual(verdicts.get(op.hash));
        }
      }),
      60,
    );
  });

  it('FOLD-5: what membership rejects changes nothing but heads and count', () => {
    check(
      fc.property(histories(12), (history) => {
        const world = one.play(history);
        const last = world.ops.at(-1);
        const before = whole(one, world, world.ops.slice(0, -1)).state;
        if (last === undefined || before === undefined) return;
        const denied = foldSubject(
          one.fold,
          world.ops,
          (op) =>
            op === last ? { state: 'rejected', reason: 'permission', message: 'no' } : world.admitted(op),
          one.initial,
        );
        const { heads, operations } = denied.state ?? before;
        expect(denied.state).toEqual({ ...before, heads, operations });
        expect(operations).toBe(before.operations + 1);
        expect(heads).toContain(last.hash);
      }),
      100,
    );
  });
});

/** A random order of arrival in which nothing comes before what it saw. */
function arrivals(world: World, seed: number): Op[] {
  const left = shuffled(world.ops, seed);
  const here = new Set<string>();
  const order: Op[] = [];
  while (left.length > 0) {
    const next = left.findIndex((op) => op.header.after.every((hash) => here.has(hash)));
    const [op] = left.splice(next, 1);
    here.add(op!.hash);
    order.push(op!);
  }
  return order;
}

describe('any input', () => {
  it('FOLD-6: without its creation there is no thing, and operations on it are rejected', () => {
    const world = cases[1]!.play({ skews: [0, 0, 0, 0], steps: [] });
    const edit: Op = {
      ...world.ops[0]!,
      hash: hashOf('edit'),
      header: {
        ...world.ops[0]!.header,
        type: 'message.edit',
        subject: hashOf('gone'),
        after: [hashOf('gone')],
      },
    };
    const folded = foldSubject(folds.message, [edit], () => undefined);
    expect(folded.state).toBeUndefined();
    expect(folded.verdicts.get(edit.hash)).toMatchObject({ state: 'rejected', reason: 'not_found' });
  });

  it('FOLD-6: data of another shape, unknown types and references in a circle still fold', () => {
    check(
      fc.property(
        fc.array(
          fc.record({
            type: fc.constantFrom(
              ...['task.update', 'task.move', 'task.link', 'claim.request', 'claim.release', 'redact', 'x'],
              ...['message.react', 'message.edit', 'memory.update', 'channel.update', 'task.create', 'join'],
            ),
            data: fc.dictionary(
              fc.constantFrom('to', 'kind', 'labels', 'addLabels', 'emoji', 'need', 'clear', 'addEvidence'),
              fc.jsonValue(),
            ),
            after: fc.array(
              fc.nat(12).map((n) => hashOf(`${n}`)),
              { maxLength: 8 },
            ),
            subject: fc.constantFrom('', hashOf('0')),
          }),
          { maxLength: 12 },
        ),
        fc.nat(),
        (list, seed) => {
          const base = cases[1]!.play({ skews: [0, 0, 0, 0], steps: [] }).ops[0]!;
          const ops = list.map(
            (header, i): Op => ({ ...base, hash: hashOf(`${i}`), header: { ...base.header, ...header } }),
          );
          for (const { fold, initial } of cases) {
            const one = foldSubject(fold, ops, () => undefined, initial);
            const two = foldSubject(fold, shuffled(ops, seed), () => undefined, initial);
            expect(two.state).toEqual(one.state);
            expect(two.verdicts).toEqual(one.verdicts);
            expect(one.verdicts.size).toBe(ops.length);
          }
        },
      ),
      100,
    );
  });
});
