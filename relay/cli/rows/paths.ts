import { onLists, onWrites, type Row } from '../row.ts';

const reservations = () => import('../paths/reservations.ts');

/** Who means to change which paths. */
export const paths: readonly Row[] = [
  {
    name: 'reserve',
    takes: '<glob...>',
    summary:
      'Tell the others which paths you mean to change; a repeat holds them for longer. Quote the globs.',
    flags: [
      ['--for <time>', 'how long: 30s, 90m, 2h, 3d (by default 30m, at most 7d)'],
      ['--task <task>', 'task that it is for'],
      ['--reason <text>', 'why'],
      ...onWrites,
    ],
    example: "coterie reserve 'src/fold/**' 'docs/*.md' --for 90m --task kai-12",
    load: async () => (await reservations()).reserve,
  },
  {
    name: 'unreserve',
    takes: '[what...]',
    summary: 'Give paths back: reservations by id, or those of yours with this glob.',
    flags: [['--all', 'all that you hold'], ...onWrites],
    example: "coterie unreserve 'src/fold/**'",
    load: async () => (await reservations()).unreserve,
  },
  {
    name: 'reservations',
    summary: 'List who holds which paths, until when, and what conflicts.',
    flags: [
      ['--state <state>', 'held (by default), expired, released or all'],
      ['--holder <member>', 'only those of this member'],
      ['--path <path>', 'only those that this path is reserved by'],
      ['--mine', 'only yours'],
      ['--others', 'only those of others'],
      ...onLists,
    ],
    example: 'coterie reservations --path src/fold/fold.ts',
    load: async () => (await reservations()).list,
  },
  {
    name: 'hook pre-commit',
    summary: 'For git: exit code 1 when another member holds a path that is staged.',
    example: 'coterie hook pre-commit',
    load: async () => (await import('../paths/hook.ts')).preCommit,
  },
  {
    name: 'hook install',
    summary: 'Write the pre-commit hook of this repository; one that is there stays as it is.',
    example: 'coterie hook install',
    load: async () => (await import('../paths/install.ts')).install,
  },
];
