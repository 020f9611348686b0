import { type Flag, onLists, onWrites, type Row } from '../row.ts';

const tasks = () => import('../verbs/tasks.ts');

const fields: readonly Flag[] = [
  ['--description <text>', 'what is to be done; - reads it from stdin'],
  ['--criteria <text>', 'when it counts as done'],
  ['--priority <p>', 'P0 to P3'],
  ['--assignee <member>', 'who does it; none clears it'],
  ['--reviewer <member>', 'who reviews it; none clears it'],
  ['--due <time>', 'deadline (ISO 8601); none clears it'],
];
const base: Flag = ['--base <op>', 'head that the decision rests on, from a read; may be repeated', 'many'];

const timeout: Flag = ['--timeout <time>', 'how long to wait for the arbiter: 500ms, 5s, 1m (5s)'];
const ttl: Flag = [
  '--ttl <time>',
  'how long to hold the task: 90m, 2h, 1d; a granted claim ends after 1h by itself',
];

/** Tasks, their claims and links. */
export const work: readonly Row[] = [
  {
    name: 'task create',
    takes: '<title...>',
    summary: 'Create a task.',
    flags: [
      ...fields,
      ['--status <status>', 'todo, doing, blocked, review, done or cancelled'],
      ['--label <label>', 'may be repeated', 'many'],
      ['--parent <task>', 'task that this one is part of'],
      ['--blocked-by <task>', 'task that has to be done first; may be repeated', 'many'],
      ...onWrites,
    ],
    example: 'coterie task create "Ship the release notes" --priority P1 --label docs',
    load: async () => (await tasks()).create,
  },
  {
    name: 'task list',
    summary: 'List tasks.',
    flags: [
      ['--status <status>', 'only in this status'],
      ['--assignee <member>', 'only of this assignee'],
      ['--holder <member>', 'only those that this member holds a claim on'],
      ['--priority <p>', 'only of this priority'],
      ['--label <label>', 'only with this label'],
      ['--overdue', 'only open ones that were due before now'],
      ['--stale', 'only those that are held and at which nobody seems to be'],
      ...onLists,
    ],
    example: 'coterie task list --status doing',
    load: async () => (await tasks()).list,
  },
  {
    name: 'task ready',
    summary:
      'List the tasks that can be begun: to do, unblocked, unclaimed; by priority, then due, then age.',
    flags: onLists,
    example: 'coterie task ready',
    load: async () => (await tasks()).ready,
  },
  {
    name: 'task show',
    takes: '<task>',
    summary: 'Show a task with its links and comments.',
    example: 'coterie task show kai-12',
    load: async () => (await tasks()).show,
  },
  {
    name: 'task update',
    takes: '<task>',
    summary: 'Change fields of a task.',
    flags: [
      ['--title <text>', 'new title'],
      ...fields,
      ['--label <label>', 'add a label; may be repeated', 'many'],
      ['--unlabel <label>', 'remove a label; may be repeated', 'many'],
      ['--evidence <kind:ref>', 'add evidence (link, commit, file, note, message); may be repeated', 'many'],
      base,
      ...onWrites,
    ],
    example: 'coterie task update kai-12 --priority P0 --evidence commit:4f1c2ab',
    load: async () => (await tasks()).update,
  },
  {
    name: 'task move',
    takes: '<task> <status>',
    summary: 'Move a task to another status.',
    flags: [
      ['--reason <text>', 'why'],
      ['--on <task>', 'with blocked: a task that it waits for; may be repeated', 'many'],
      ['--evidence <kind:ref>', 'what shows that it is done; may be repeated', 'many'],
      ['--force', 'as an admin, make a move that is not legal; with --reason'],
      base,
      ...onWrites,
    ],
    example: 'coterie task move kai-12 blocked --on kai-9',
    load: async () => (await tasks()).move,
  },
  {
    name: 'task claim',
    takes: '<task>',
    summary: 'Claim a task for yourself; with --need granted, once the arbiter says so.',
    flags: [
      ['--need <certainty>', 'tentative (what is written here) or granted (by the arbiter)'],
      timeout,
      ttl,
      ['--incarnation <name>', 'names this run of the agent; another run takes over what it was granted'],
      ['--force', 'as an admin, take it from who holds it; with --reason'],
      ['--reason <text>', 'why'],
      base,
      ...onWrites,
    ],
    example: 'coterie task claim kai-12 --need granted --timeout 5s',
    load: async () => (await tasks()).claim,
  },
  {
    name: 'task renew',
    takes: '<task>',
    summary: 'Hold a task for longer; writes nothing while more than half of the lease is left.',
    flags: [ttl, timeout, ...onWrites],
    example: 'coterie task renew kai-12 --ttl 1h',
    load: async () => (await tasks()).renew,
  },
  {
    name: 'task decide',
    takes: '<task> <decision>',
    summary: 'As its reviewer, accept the result of a task in review, or a contested one; or send it back.',
    flags: [['--reason <text>', 'why; who rejects says it'], base, ...onWrites],
    example: 'coterie task decide kai-12 accept',
    load: async () => (await tasks()).decide,
  },
  {
    name: 'task release',
    takes: '<task>',
    summary: 'Give up your claim on a task.',
    flags: [['--reason <text>', 'why'], ...onWrites],
    example: 'coterie task release kai-12 --reason "out of time"',
    load: async () => (await tasks()).release,
  },
  {
    name: 'task link',
    takes: '<task> <kind> <other>',
    summary: 'Link two tasks: blocks, parent, related, discovered-from, supersedes or duplicates.',
    flags: [base, ...onWrites],
    example: 'coterie task link kai-12 blocks kai-13',
    load: async () => (await tasks()).link,
  },
  {
    name: 'task unlink',
    takes: '<task> <kind> <other>',
    summary: 'Remove a link.',
    flags: onWrites,
    example: 'coterie task unlink kai-12 blocks kai-13',
    load: async () => (await tasks()).unlink,
  },
  {
    name: 'task comment',
    takes: '<task> <text...>',
    summary: 'Comment on a task; - reads the text from stdin.',
    flags: onWrites,
    example: 'coterie task comment kai-12 "Waiting for the review of kai-9."',
    load: async () => (await tasks()).comment,
  },
];
