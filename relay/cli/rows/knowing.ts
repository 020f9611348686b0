import { onEvents, onLists, onSearches, onWrites, type Row } from '../row.ts';

const memory = () => import('../verbs/memory.ts');
const presence = () => import('../verbs/presence.ts');
const reading = () => import('../verbs/reading.ts');

/** Memory, search, and what happened. */
export const knowing: readonly Row[] = [
  {
    name: 'remember',
    takes: '<text...>',
    summary: 'Write a memory, or the next version of the one with this key; - reads the text from stdin.',
    flags: [
      ['--key <key>', 'name of the memory'],
      ['--title <text>', 'title'],
      ['--tag <tag>', 'may be repeated', 'many'],
      ['--kind <kind>', 'fact, decision, lesson, preference, procedure or reference'],
      ['--source <source>', 'where it comes from; may be repeated', 'many'],
      ['--expires <time>', 'when it stops being true (ISO 8601)'],
      ['--supersedes <id>', 'memory that this one replaces; may be repeated', 'many'],
      ['--base <op>', 'version that the decision rests on, from a read; may be repeated', 'many'],
      ['--idempotency-key <key>', 'a repeat with the same key writes nothing and answers the same'],
    ],
    example: 'coterie remember "Releases are cut on Tuesdays." --key release-day --tag process',
    load: async () => (await memory()).remember,
  },
  {
    name: 'recall',
    takes: '<query...>',
    summary: 'Search the memory, by words and by meaning.',
    flags: [
      ['--tag <tag>', 'only with this tag'],
      ['--budget <tokens>', 'whole texts, as long as tokens are left', 'number'],
      ...onSearches,
      ...onLists,
    ],
    example: 'coterie recall "when do we ship"',
    load: async () => (await memory()).recall,
  },
  {
    name: 'memory list',
    summary: 'List memories.',
    flags: [
      ['--tag <tag>', 'only with this tag'],
      ['--kind <kind>', 'only of this kind'],
      ['--name <key>', 'only with this key'],
      ['--forgotten', 'only those that were forgotten'],
      ...onLists,
    ],
    example: 'coterie memory list --tag process',
    load: async () => (await memory()).list,
  },
  {
    name: 'memory show',
    takes: '<key-or-id>',
    summary: 'Show a memory with the versions written apart.',
    example: 'coterie memory show release-day',
    load: async () => (await memory()).show,
  },
  {
    name: 'memory forget',
    takes: '<key-or-id>',
    summary: 'Take a memory out of lists and searches; its history stays.',
    flags: onWrites,
    example: 'coterie memory forget release-day',
    load: async () => (await memory()).forget,
  },
  {
    name: 'search',
    takes: '<query...>',
    summary: 'Search messages, tasks and memory.',
    flags: [
      ['--kind <kind>', 'message, task or memory'],
      ['--channel <channel>', 'only in this channel'],
      ['--stream', 'everything that the words find, newest first, as it is found; with --json a part a line'],
      ...onSearches,
      ...onLists,
    ],
    example: `coterie search 'flaky "upload test" from:zoe after:7d -linux'`,
    load: async () => (await reading()).search,
  },
  {
    name: 'catch-up',
    summary: 'What happened since you last acknowledged: what needs you first, with a receipt.',
    flags: [
      ['--budget <tokens>', 'tokens that the answer may cost', 'number'],
      ['--limit <n>', 'items at most', 'number'],
      ['--ack', 'acknowledge what was shown, once it is printed'],
    ],
    example: 'coterie catch-up --budget 2000',
    load: async () => (await reading()).catchUp,
  },
  {
    name: 'inbox',
    summary: 'What needs you, the oldest first, with a receipt.',
    flags: [['--budget <tokens>', 'tokens that the answer may cost', 'number'], ...onLists],
    example: 'coterie inbox --limit 5',
    load: async () => (await reading()).inbox,
  },
  {
    name: 'ack',
    takes: '[receipt-or-item]',
    summary: 'Acknowledge a receipt of catch-up or inbox, one inbox item, or single operations.',
    flags: [['--operation <op>', 'acknowledge this operation; may be repeated', 'many']],
    example: 'coterie ack mzxw6y',
    load: async () => (await reading()).ack,
  },
  {
    name: 'watch',
    summary: 'Print what happens, as it happens, one line an event.',
    flags: [
      ['--since <cursor>', 'begin after this cursor; 0 = from the beginning'],
      ...onEvents,
      ['--for <whom>', 'me: what needs you, as in the inbox, in place of events; --types are its kinds then'],
      [
        '--exec <command>',
        'run this for each, one at a time, with its JSON on stdin; goes on where an earlier run ended',
      ],
      ['--keep <file>', 'with --exec: where to keep how far it is (by default a file for just this watch)'],
    ],
    example: "coterie watch --for me --exec './wake.sh'",
    load: async () => (await import('../watch/watch.ts')).watch,
  },
  {
    name: 'activity',
    summary: 'List what happened, newest first; what one member did of one kind in a row is one line.',
    flags: [['--each', 'each event on a line of its own'], ...onEvents, ...onLists],
    example: 'coterie activity --limit 20',
    load: async () => (await reading()).activity,
  },
  {
    name: 'who',
    summary: 'Who is there, and what they do; who is not, and when they were last seen.',
    flags: [['--present', 'only who is there'], ...onLists],
    example: 'coterie who',
    load: async () => (await presence()).who,
  },
  {
    name: 'presence',
    takes: '<state>',
    summary: 'Say what you do: working, waiting, idle, away or offline. It ends unless it is said again.',
    flags: [
      ['--task <id>', 'task that you work on'],
      ['--waiting-for <handle>', 'whom you wait for'],
      ['--note <text>', 'a few words'],
      ['--session <name>', 'tells sessions of one member apart'],
      ['--ttl <seconds>', 'how long it holds (10 to 3600; by default 300)', 'number'],
    ],
    example: 'coterie presence working --task kai-12 --note "the parser"',
    load: async () => (await presence()).set,
  },
  {
    name: 'history',
    takes: '<id>',
    summary:
      'Every operation on a message, task, memory or channel, oldest first, and who wrote each field that shows.',
    flags: [
      ['--at <when>', 'as it was made until a time (ISO 8601), or had arrived here until a cursor'],
      ...onLists,
    ],
    example: 'coterie history kai-12',
    load: async () => (await reading()).history,
  },
];
