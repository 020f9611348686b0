/** The operators of a query, each with what it asks for and one example. */
export const operators = {
  from: { asks: 'who wrote it: a handle, or `me`', example: 'from:kai' },
  to: { asks: 'whom it addresses, mentions or is assigned to', example: 'to:me' },
  with: {
    asks: 'who has to do with it: wrote, is addressed, mentioned, assigned, reviews, holds',
    example: 'with:zoe',
  },
  in: { asks: 'the channel: a name, an id, or @handle for a direct conversation', example: 'in:general' },
  kind: { asks: 'what it is: message, task, comment, memory', example: 'kind:memory' },
  status: { asks: 'the status of a task', example: 'status:doing,review' },
  priority: { asks: 'the priority of a task', example: 'priority:P0,P1' },
  label: { asks: 'a label of a task', example: 'label:bug' },
  tag: { asks: 'a tag of a memory', example: 'tag:deploy' },
  has: {
    asks: 'what it has: link, code, file, reaction, replies, evidence, due, criteria',
    example: 'has:link',
  },
  is: {
    asks: 'what holds of it: open, done, blocked, claimed, pinned, resolved, edited, imported, direct, reply',
    example: 'is:open',
  },
  before: { asks: 'made before a day or time, or so long ago', example: 'before:2026-03-01' },
  after: { asks: 'made after a day or time, or within so long', example: 'after:7d' },
  on: { asks: 'made on a day, UTC', example: 'on:2026-02-14' },
  thread: {
    asks: 'the thread of a message, by the id of its root',
    example: 'thread:hlyxajbiue6j5tmtqjzehaess4',
  },
  id: { asks: 'the id of a thing, or the short id of a task', example: 'id:kai-12' },
} as const;

export type Operator = keyof typeof operators;

export const isOperator = (name: string): name is Operator => Object.hasOwn(operators, name);

/** What `has:` and `is:` may be followed by. */
export const havings = [
  'link',
  'code',
  'file',
  'reaction',
  'replies',
  'evidence',
  'due',
  'criteria',
] as const;
export const beings = [
  'open',
  'done',
  'blocked',
  'claimed',
  'pinned',
  'resolved',
  'edited',
  'imported',
  'direct',
  'reply',
] as const;
