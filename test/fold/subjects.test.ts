import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultChannel,
  extendSubject,
  foldSubject,
  folds,
  type Op,
  stampTime,
} from '../../src/fold/index.ts';
import { check, hashOf } from './random.ts';
import { day, histories, kinds, play, writers } from './world.ts';
import { fold, member, shown, write } from './write.ts';

const skew = fc.integer({ min: -day, max: day });
const counted = { state: 'counted' };

describe('fields', () => {
  const texts = [
    ['message', 'message.edit', {}, 'text'],
    ['comment', 'comment.edit', {}, 'text'],
    ['task', 'task.update', { texts: ['title'] }, 'title'],
    ['memory', 'memory.update', {}, 'versions'],
  ] as const;

  it.each(texts)(
    'FOLD-7: on a %s an edit that saw another wins at any clock skew',
    (kind, type, data, field) => {
      check(
        fc.property(fc.array(skew, { minLength: 1, maxLength: 6 }), fc.nat(5), (skews, apart) => {
          const { creation } = kinds[kind]!;
          const made = write(creation!.type, [], { data: creation!.data ?? {}, body: true });
          const ops = [made];
          for (const at of skews) ops.push(write(type, [ops.at(-1)!], { at, data, body: true }));
          const { state } = foldSubject(
            folds[kind] as typeof folds.task,
            [...ops].reverse(),
            () => undefined,
          );
          const register = (state as unknown as Record<string, readonly { op: string }[]>)[field]!;
          expect(register.map(({ op }) => op)).toEqual([ops.at(-1)!.hash]);
          // One more, apart from the last few: it stays beside, and loses nothing.
          const old = ops[Math.max(0, ops.length - 2 - apart)]!;
          const beside = write(type, [old], { at: skews[0]!, data, body: true });
          const both = foldSubject(folds[kind] as typeof folds.task, [...ops, beside], () => undefined).state;
          const siblings = (both as unknown as Record<string, readonly { op: string }[]>)[field]!;
          expect(siblings.map(({ op }) => op).sort()).toEqual([ops.at(-1)!.hash, beside.hash].sort());
        }),
      );
    },
  );

  it('FOLD-8: of values written apart the latest stamp shows first, then the highest hash', () => {
    const made = write('task.create', [], { data: { short: 'ann-1', texts: ['title'] }, body: true });
    const early = write('task.update', [made], { at: 5000, data: { priority: 'P0' } });
    const late = write('task.update', [made], { at: 9000, data: { priority: 'P3' } });
    const { state } = fold(folds.task, late, early, made);
    expect(state.priority.map(({ value }) => value)).toEqual(['P3', 'P0']);
    const merged = fold(
      folds.task,
      made,
      early,
      late,
      write('task.update', [early, late], { at: 1, data: { priority: 'P1' } }),
    );
    expect(merged.state.priority.map(({ value }) => value)).toEqual(['P1']);
  });

  it('FOLD-9: a text is the operation whose body holds it; a field that is not named stays, null and clear empty it', () => {
    const made = write('task.create', [], {
      data: { short: 'ann-1', texts: ['title', 'description'], assignee: member('bob'), due: 7 },
      body: true,
    });
    const title = write('task.update', [made], { data: { texts: ['title'] }, body: true });
    const cleared = write('task.update', [title], {
      data: { clear: ['description'], assignee: null, due: null },
    });
    const first = fold(folds.task, made, title).state;
    expect([shown(first.title), shown(first.description), shown(first.criteria)]).toEqual([
      title.hash,
      made.hash,
      null,
    ]);
    expect([shown(first.assignee), shown(first.due)]).toEqual([member('bob'), 7]);
    const second = fold(folds.task, made, title, cleared).state;
    expect([shown(second.title), shown(second.description)]).toEqual([title.hash, null]);
    expect([shown(second.assignee), shown(second.due)]).toEqual([null, null]);
  });

  it('FOLD-10: history is its author’s, at its own time, and who brought it in may correct it', () => {
    const imported = { at: 1234, source: 'slack:T1', author: member('old') };
    const made = write('message.create', [], { by: 'ann', imported, body: true });
    const correction = write('message.edit', [made], { by: 'ann', imported, body: true });
    const other = write('message.edit', [made], { by: 'bob', imported, body: true });
    const { state, verdict } = fold(folds.message, made, correction, other);
    expect(state.created).toEqual({ by: member('old'), stamp: made.header.stamp, at: 1234 });
    expect(state.imported).toEqual({ source: 'slack:T1', by: member('ann') });
    expect([verdict(correction), verdict(other)]).toMatchObject([counted, { reason: 'permission' }]);
    expect(shown(state.text)).toBe(correction.hash);
    const here = write('message.create', [], { at: 5 });
    expect(fold(folds.message, here).state.created.at).toBe(stampTime(here.header.stamp));
  });
});

describe('channels', () => {
  it('FOLD-11: a default channel is there without an operation, and whatever is written replaces its first values', () => {
    const id = hashOf('general');
    const general = defaultChannel(id, 'general');
    const first = {
      ...write('channel.update', []),
      header: { ...write('channel.update', []).header, subject: id },
    };
    const rename = (op: Op, name: string): Op => ({ ...op, header: { ...op.header, data: { name } } });
    const one = rename(first, 'all');
    const two = rename({ ...first, hash: hashOf('two') }, 'everyone');
    const fast = extendSubject(folds.channel, general, one);
    expect(fast?.state.name.map(({ value }) => value)).toEqual(['all']);
    expect(extendSubject(folds.channel, fast!.state, two)).toBeUndefined();
    const both = foldSubject(folds.channel, [one, two], () => undefined, general).state;
    expect(both?.name.map(({ value }) => value).sort()).toEqual(['all', 'everyone']);
  });
});

describe('permission', () => {
  it('FOLD-12: only the author edits; the author or an admin removes text, for good, others are rejected', () => {
    const made = write('message.create', [], { body: true });
    const edit = write('message.edit', [made], { by: 'bob', role: 'owner', body: true });
    const redact = write('redact', [made], { by: 'bob' });
    const byAdmin = write('redact', [redact], { by: 'bob', role: 'admin' });
    const later = write('message.edit', [byAdmin], { body: true });
    const { state, verdict } = fold(folds.message, made, edit, redact, byAdmin, later);
    expect([edit, redact, byAdmin, later].map((op) => verdict(op)?.state)).toEqual([
      'rejected',
      'rejected',
      'counted',
      'counted',
    ]);
    expect(state.redacted).toEqual({ op: byAdmin.hash, by: member('bob'), stamp: byAdmin.header.stamp });
  });
});

/** Additions of an element that no removal saw, from the operations alone. */
function standing(
  ops: readonly Op[],
  past: (op: Op) => readonly Op[],
  adds: (op: Op) => boolean,
  removes: (op: Op) => boolean,
): string[] {
  return ops
    .filter((op) => adds(op) && !ops.some((other) => removes(other) && past(other).includes(op)))
    .map((op) => op.hash)
    .sort();
}

const says = (op: Op, type: string, field: string, value: string): boolean => {
  const said = op.header.data[field];
  return op.header.type === type && (Array.isArray(said) ? said.includes(value) : said === value);
};

describe('sets', () => {
  const emoji = ['+1', 'tada', 'constructor', '__proto__'];
  const labels = ['bug', 'ui', 'constructor', '__proto__'];

  it('FOLD-13: a reaction is its member’s, and stays until one who saw it takes it back', () => {
    const { creation, write: next } = kinds['message']!;
    check(
      fc.property(histories(), (history) => {
        const world = play(history, creation, next);
        const { state, verdicts } = foldSubject(folds.message, world.ops, world.admitted);
        const ops = world.ops.filter((op) => verdicts.get(op.hash)?.state === 'counted');
        for (const name of emoji)
          for (const by of writers) {
            const mine = ops.filter((op) => op.header.member === by);
            const expected = standing(
              mine,
              world.past,
              (op) => says(op, 'message.react', 'emoji', name),
              (op) => says(op, 'message.unreact', 'emoji', name),
            );
            const row = Object.entries(state?.reactions ?? {}).find(([key]) => key === name)?.[1];
            expect([...(row?.[by] ?? [])].sort()).toEqual(expected);
          }
        for (const row of Object.values(state?.reactions ?? {}))
          for (const held of [row, ...Object.values(row)])
            expect(Object.keys(held).length).toBeGreaterThan(0);
      }),
    );
  });

  it('FOLD-14: labels and links stay until one who saw them takes them away', () => {
    const { creation, write: next } = kinds['task']!;
    check(
      fc.property(histories(60), (history) => {
        const world = play(history, creation, next);
        const { state, verdicts } = foldSubject(folds.task, world.ops, world.admitted);
        const ops = world.ops.filter((op) => verdicts.get(op.hash)?.state === 'counted');
        for (const label of labels) {
          const expected = standing(
            ops,
            world.past,
            (op) => says(op, 'task.update', 'addLabels', label) || says(op, 'task.create', 'labels', label),
            (op) => says(op, 'task.update', 'removeLabels', label),
          );
          const held = Object.entries(state?.labels ?? {}).find(([key]) => key === label)?.[1];
          expect([...(held ?? [])].sort()).toEqual(expected);
        }
        for (const kind of ['blocks', 'related']) {
          const linked = ops.filter((op) => op.header.data['kind'] === kind);
          const alive = linked.filter(
            (op) =>
              op.header.type === 'task.link' &&
              !linked.some(
                (other) =>
                  other.header.type === 'task.unlink' &&
                  other.header.data['to'] === op.header.data['to'] &&
                  world.past(other).includes(op),
              ),
          );
          const held = (state?.links ?? []).filter((link) => link.kind === kind);
          expect(held.map(({ op }) => op).sort()).toEqual(alive.map(({ hash }) => hash).sort());
        }
      }),
    );
  });
});

describe('memory', () => {
  const made = write('memory.create', [], { data: { key: 'k' }, body: true });
  const forget = write('memory.forget', [made]);

  it('FOLD-15: an update replaces the versions that it saw, others stay beside it', () => {
    const one = write('memory.update', [made], { at: 9000, data: { tags: ['one'] }, body: true });
    const two = write('memory.update', [made], { at: 1, body: true });
    const merged = write('memory.update', [one, two], { at: 0, body: true });
    expect(fold(folds.memory, made, two, one).state.versions.map(({ op }) => op)).toEqual([
      one.hash,
      two.hash,
    ]);
    expect(fold(folds.memory, made, merged, two, one).state.versions.map(({ op }) => op)).toEqual([
      merged.hash,
    ]);
  });

  it('FOLD-16: a forget hides what it saw; an update that saw it brings the memory back, one made apart stays visible', () => {
    const after = write('memory.update', [forget], { at: 0, body: true });
    const apart = write('memory.update', [made], { at: 0, body: true });
    expect(fold(folds.memory, made, forget).state.forgotten).toBe(true);
    expect(fold(folds.memory, made, forget, after).state.forgotten).toBe(false);
    const both = fold(folds.memory, made, forget, apart).state;
    expect(both.forgotten).toBe(false);
    expect(both.versions.map(({ op }) => op)).toEqual([apart.hash]);
    const again = write('memory.forget', [forget, apart]);
    expect(fold(folds.memory, made, forget, apart, again).state.forgotten).toBe(true);
  });
});
