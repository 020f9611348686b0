import { type RowKind, rowKinds } from '../../../src/export/rows.ts';

const day = (n: number, ms = 0): string => new Date(Date.UTC(2026, 0, n, 12, 0, 0, ms)).toISOString();
const own = (letter: string): string => `coterie:${'w'.repeat(25)}a:${letter.repeat(25)}a`;

const kai = own('k');
const zoe = 'slack:user:U2';
const root = own('r');

const message = (id: string, at: string, more: Record<string, unknown> = {}) => ({
  id,
  channel: 'default:dev',
  author: kai,
  at,
  text: `Text of ${id}\n\n- with *lines*`,
  ...more,
});

const task = (id: string, at: string, more: Record<string, unknown> = {}) => ({
  id,
  short: 'kai-1',
  title: 'A task',
  description: null,
  criteria: null,
  status: 'todo',
  moved: null,
  priority: 'P2',
  assignee: null,
  reviewer: null,
  labels: [],
  due: null,
  evidence: [],
  author: kai,
  at,
  ...more,
});

const memory = (id: string, at: string, more: Record<string, unknown> = {}) => ({
  id,
  title: null,
  text: 'Remember this',
  tags: [],
  sources: [],
  supersedes: [],
  forgotten: false,
  author: zoe,
  at,
  ...more,
});

/** Rows of an export in which every field occurs, in the order in which an export writes them. */
export const history: Readonly<Record<RowKind, readonly Record<string, unknown>[]>> = {
  members: [
    { id: kai, handle: 'kai', name: 'kai', kind: 'agent', at: day(1) },
    { id: zoe, handle: 'zoe', name: 'Zoë', kind: 'human', at: day(2) },
  ],
  channels: [
    { id: 'default:decisions', name: 'decisions', topic: '', archived: true, at: null },
    { id: 'default:dev', name: 'engine-room', topic: 'Builds', archived: false, hops: 3, at: null },
    { id: 'default:general', name: 'general', topic: '', archived: false, at: null },
    { id: 'default:problems', name: 'problems', topic: '', archived: false, at: null },
    { id: 'default:shipping', name: 'shipping', topic: '', archived: false, at: null },
    { id: own('c'), name: 'design', topic: 'Drawings', archived: true, at: day(1) },
    { id: 'slack:D1', name: 'dm-kai-zoe', topic: '', archived: false, direct: [kai, zoe], at: day(1) },
  ],
  messages: [
    message(own('b'), day(3), { text: 'Before what it answers', thread: root, answers: root }),
    message(root, day(4), {
      mentions: [zoe, 'here'],
      references: [
        { kind: 'task', id: own('t') },
        { kind: 'memory', id: own('m') },
        { kind: 'message', id: own('z') },
      ],
      files: [
        { name: 'a [b].txt', url: 'https://example.com/a', bytes: 3, mime: 'text/plain' },
        { name: 'c', url: 'https://example.com/c' },
      ],
      pinned: true,
      resolved: true,
    }),
    message(own('d'), day(4, 1), { text: null, removed: { at: day(5), by: zoe } }),
    message(own('e'), day(5), { channel: own('c'), text: '```\ncode\n```' }),
    message(own('z'), day(6), { author: zoe, thread: root, answers: own('b') }),
  ],
  reactions: [
    { id: own('q'), message: root, emoji: 'tada', member: zoe, at: day(5) },
    { id: `${root}:reaction:👍:${kai}`, message: root, emoji: '👍', member: kai, at: day(5) },
  ],
  tasks: [
    task(own('t'), day(1), {
      title: 'The first',
      description: 'Long\ntext',
      criteria: 'Works',
      status: 'done',
      moved: { at: day(3), by: zoe, reason: 'Shipped' },
      priority: 'P0',
      assignee: kai,
      reviewer: zoe,
      labels: ['id:1', 'ui'],
      due: day(9),
      evidence: [
        { kind: 'message', ref: root },
        { kind: 'link', ref: 'https://example.com/1' },
      ],
    }),
    task(own('u'), day(2), { short: 'zoe-1', status: 'doing', author: zoe }),
    task(own('v'), day(2, 5), {
      short: 'zoe-2',
      title: null,
      status: 'todo',
      moved: { at: day(4), by: null, reason: null },
      labels: Array.from({ length: 90 }, (_, i) => `label ${String(i).padStart(3, '0')} ${'x'.repeat(60)}`),
      removed: { at: day(5), by: kai },
    }),
  ],
  links: [
    { id: own('l'), from: own('t'), kind: 'blocks', to: own('u'), author: zoe, at: day(2) },
    {
      id: `${own('u')}:related:${own('v')}`,
      from: own('u'),
      kind: 'related',
      to: own('v'),
      author: null,
      at: day(3),
    },
  ],
  comments: [
    { id: own('f'), task: own('t'), author: zoe, at: day(2), text: 'Yes @kai', mentions: [kai] },
    { id: own('g'), task: own('t'), author: zoe, at: day(3), text: null, removed: { at: day(4), by: zoe } },
  ],
  memory: [
    memory(own('n'), day(1), { supersedes: [own('m')], forgotten: true }),
    memory(own('m'), day(2), {
      key: 'build',
      title: 'How to build',
      tags: ['a', 'b'],
      kind: 'procedure',
      sources: ['https://example.com/2'],
      expires: day(30),
      author: kai,
    }),
    memory(own('o'), day(3), { text: null, removed: { at: day(4), by: kai } }),
  ].map(({ id, title, text, tags, sources, supersedes, forgotten, author, at, ...rest }) => {
    // In the order of the row's keys.
    const { key, kind, expires, removed } = rest as Record<string, unknown>;
    const keyed = {
      id,
      key,
      title,
      text,
      tags,
      kind,
      sources,
      expires,
      supersedes,
      forgotten,
      author,
      at,
      removed,
    };
    return Object.fromEntries(Object.entries(keyed).filter(([, value]) => value !== undefined));
  }),
};

/** The files of an export with these rows. */
export const historyFiles = (rows: Partial<typeof history> = {}): Record<string, string> =>
  Object.fromEntries(
    rowKinds.map((kind) => [
      `${kind}.jsonl`,
      (rows[kind] ?? history[kind]).map((row) => `${JSON.stringify(row)}\n`).join(''),
    ]),
  );
