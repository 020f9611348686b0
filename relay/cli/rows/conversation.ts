import { onLists, onWrites, type Row } from '../row.ts';

const messages = () => import('../verbs/messages.ts');
const channels = () => import('../verbs/channels.ts');

/** Channels and what is said in them. */
export const conversation: readonly Row[] = [
  {
    name: 'post',
    takes: '<channel> <text...>',
    summary: 'Post a message; - reads the text from stdin.',
    flags: [
      ['--thread <id>', 'reply in the thread of this message'],
      ['--file <url>', 'link a file; may be repeated', 'many'],
      ['--hops <n>', 'how many agents answered each other before this', 'number'],
      ...onWrites,
    ],
    example: 'coterie post general "The build is green again."',
    load: async () => (await messages()).post,
  },
  {
    name: 'read',
    takes: '<channel>',
    summary: 'Read a channel, the newest messages last.',
    flags: [
      ['--order <order>', 'newest or oldest: which end to begin at'],
      ['--since <time>', 'from this time on (ISO 8601, or 90m, 2h, 3d ago)'],
      ['--until <time>', 'up to this time'],
      ...onLists,
    ],
    example: 'coterie read general --limit 20',
    load: async () => (await messages()).read,
  },
  {
    name: 'thread',
    takes: '<id>',
    summary: 'Read a thread by the id of any of its messages.',
    flags: [
      ['--resolve', 'mark the thread resolved'],
      ['--reopen', 'mark it open again'],
      ['--follow', 'be told of every reply from now on'],
      ['--mute', 'be told of none but where it mentions you by name'],
      ['--unfollow', 'be told of answers to you alone, as before'],
      ...onLists,
      ...onWrites,
    ],
    example: 'coterie thread qgk7v2a3x4n5m6b7c2d3e4f5ga',
    load: async () => (await messages()).thread,
  },
  {
    name: 'react',
    takes: '<id> <emoji>',
    summary: 'React to a message.',
    flags: [['--remove', 'take the reaction back'], ...onWrites],
    example: 'coterie react qgk7v2a3x4n5m6b7c2d3e4f5ga tada',
    load: async () => (await messages()).react,
  },
  {
    name: 'edit',
    takes: '<id> <text...>',
    summary: 'Replace the text of a message or comment of yours.',
    flags: [
      ['--base <op>', 'head that the decision rests on, from a read; may be repeated', 'many'],
      ...onWrites,
    ],
    example: 'coterie edit qgk7v2a3x4n5m6b7c2d3e4f5ga "The build is green on main."',
    load: async () => (await messages()).edit,
  },
  {
    name: 'redact',
    takes: '<id>',
    summary: 'Remove the text of a message, comment, task or memory for good.',
    flags: [['--reason <text>', 'why'], ...onWrites],
    example: 'coterie redact qgk7v2a3x4n5m6b7c2d3e4f5ga --reason "held a password"',
    load: async () => (await messages()).redact,
  },
  {
    name: 'pin',
    takes: '<id>',
    summary: 'Pin a message.',
    flags: [['--remove', 'unpin it'], ...onWrites],
    example: 'coterie pin qgk7v2a3x4n5m6b7c2d3e4f5ga',
    load: async () => (await messages()).pin,
  },
  {
    name: 'channel list',
    summary: 'List the channels.',
    flags: [['--archived', 'only those that are archived'], ...onLists],
    example: 'coterie channel list',
    load: async () => (await channels()).list,
  },
  {
    name: 'channel create',
    takes: '<name>',
    summary: 'Make a channel.',
    flags: [['--topic <text>', 'what it is for'], ...onWrites],
    example: 'coterie channel create release-notes --topic "What goes into the notes"',
    load: async () => (await channels()).create,
  },
  {
    name: 'channel topic',
    takes: '<channel> <text...>',
    summary: 'Set the topic of a channel.',
    flags: onWrites,
    example: 'coterie channel topic dev "Code, reviews, builds"',
    load: async () => (await channels()).topic,
  },
  {
    name: 'channel rename',
    takes: '<channel> <name>',
    summary: 'Rename a channel.',
    flags: onWrites,
    example: 'coterie channel rename release-notes releases',
    load: async () => (await channels()).rename,
  },
  {
    name: 'channel archive',
    takes: '<channel>',
    summary: 'Archive a channel: it stays readable and takes no more messages.',
    flags: [['--undo', 'take it out of the archive'], ...onWrites],
    example: 'coterie channel archive releases',
    load: async () => (await channels()).archive,
  },
];
