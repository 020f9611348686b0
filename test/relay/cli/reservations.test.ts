import { describe, expect, it } from 'vitest';
import { reservation, reservations } from '../../../relay/cli/paths/show.ts';
import type { Reservation } from '../../../schemas/index.ts';
import { home } from './support.ts';

const now = Date.parse('2026-03-04T05:06:07.000Z');
const view = { color: false, width: undefined, now };
const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
const person = (handle: string) => ({ id: handle, handle, name: handle });

const held: Reservation = {
  id: 'x'.repeat(26),
  by: person('kai'),
  globs: ['src/**', 'docs/\u001b[31m'],
  reason: 'they\nmove',
  task: { id: 't', short: 'kai-1' },
  incarnation: 'i',
  created: at(-5),
  until: at(25),
  state: 'held',
  conflicts: [
    {
      id: 'y',
      by: person('ann'),
      until: at(3),
      reason: 'mine',
      overlaps: [
        { glob: 'src/**', with: '*/a.ts', path: 'src/a.ts' },
        { glob: 'docs/*', with: '*/a.ts', path: 'docs/a.ts' },
      ],
    },
  ],
  uncompared: 2,
  base: [],
};

describe('reservations for people', () => {
  it('one with what others hold, safe for a terminal', () => {
    expect(reservation(held, view).split('\n')).toEqual([
      `src/** docs/\ufffd[31m for 25 min · kai-1: "they move" ${'x'.repeat(26)}`,
      '  ann holds */a.ts (as in src/a.ts) and 1 glob more for 3 min: "mine"',
      '  2 reservations of others not compared',
    ]);
    const over = { ...held, conflicts: [], invalid: ['/x'] };
    expect(reservation({ ...over, state: 'expired', until: at(-5) }, view)).toContain('expired 5 min ago');
    const ended = { operation: 'o', by: null, at: at(-3) };
    expect(reservation({ ...over, state: 'released', ended }, view)).toContain('released 3 min ago');
    expect(reservation(over, view)).toContain('no globs, so they hold nothing: /x');
  });

  it('a list, and an empty one', () => {
    const text = reservations({ items: [held], next: 'n' }, view);
    expect(text).toMatch(/kai +for 25 min +kai-1 +src\/\*\* docs\/.* +ann +x{26}/);
    expect(reservations({ items: [] }, view)).toBe('no reservations');
  });
});

describe('what is typed for reservations', () => {
  it('keeps globs apart, names the column of a bad one, and gives back by glob', async () => {
    const here = home();
    const made = await here.run(['reserve', 'a b/*', 'c', '--for', '2h', '--json']);
    const { globs, created, until } = JSON.parse(made.stdout) as Reservation;
    expect(globs).toEqual(['a b/*', 'c']);
    expect(Math.round((Date.parse(until) - Date.parse(created)) / 60_000)).toBe(120);
    const bad = await here.run(['reserve', 'src/']);
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('src/, column 5: a name is missing')]);
    const none = await here.run(['unreserve', 'b']);
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('legal: a b/*, c')]);
    expect((await here.run(['unreserve', 'c'])).stdout).toMatch(/^a b\/\* c released now/);
    expect((await here.run(['unreserve', '--all'])).stdout).toBe('you hold nothing\n');
  });

  it.each([
    [['reserve', 'a', '--for', 'ever'], '--for ever is no time'],
    [['unreserve'], 'needs a glob, an id or --all'],
    [['unreserve', 'a', '--all'], 'takes what it names, or --all'],
    [['reservations', '--mine', '--others'], 'exclude each other'],
  ])('%j is refused', async (argv, message) => {
    const { code, stderr } = await home().run(argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
