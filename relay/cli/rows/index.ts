import type { Row } from '../row.ts';
import { agents } from './agents.ts';
import { conversation } from './conversation.ts';
import { knowing } from './knowing.ts';
import { machinesRows } from './machines.ts';
import { node } from './node.ts';
import { paths } from './paths.ts';
import { work } from './tasks.ts';

/** Every verb, in groups, in the order of `--help`. */
export const groups: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ['Node', node],
  ['Replicas and tickets', machinesRows],
  ['Conversation', conversation],
  ['Tasks', work],
  ['Paths', paths],
  ['Memory and what happened', knowing],
  ['Agents', agents],
];

export const rows: readonly Row[] = groups.flatMap(([, group]) => group);

/** What the nouns with verbs of their own are. */
export const nouns: Readonly<Record<string, string>> = {
  arbiter: 'The replica that grants claims.',
  remote: 'Relays and nodes that are dialled always.',
  task: 'Tasks, their claims and links.',
  channel: 'Channels and their settings.',
  group: 'Named sets of members.',
  memory: 'What the team remembers.',
  hook: 'Hooks of git, and of the programs that agents run in.',
};
