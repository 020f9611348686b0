import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beadsImporter } from '../../src/import/beads.ts';
import { collect, failure, run, temporary } from './support/files.ts';
import { memorySink } from './support/sink.ts';

const at = '2025-01-02T03:04:05.678+01:00';
const issue = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  title: `Title of ${id}`,
  status: 'open',
  priority: 2,
  issue_type: 'task',
  created_at: at,
  updated_at: at,
  ...more,
});
const dependency = (from: string, type: string, to: string, more: Record<string, unknown> = {}) => ({
  issue_id: from,
  depends_on_id: to,
  type,
  created_at: at,
  created_by: 'kai',
  ...more,
});

async function fileOf(lines: readonly unknown[]): Promise<string> {
  const path = join(await temporary(), 'issues.jsonl');
  await writeFile(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}
const imported = async (...lines: readonly unknown[]) => run(beadsImporter(await fileOf(lines)));

describe('import beads', () => {
  it('makes a task of an issue, with its time and author', async () => {
    const { sink, summary } = await imported(
      issue('bd-a1', {
        description: 'What',
        design: 'How',
        notes: 'Later',
        acceptance_criteria: 'It works',
        assignee: 'team/zoe',
        created_by: 'kai',
        labels: ['ui'],
        estimated_minutes: 30,
        due_at: '2025-02-01T00:00:00Z',
        external_ref: 'https://example.com/1',
        custom: 'value',
        comments: [{ id: 7, issue_id: 'bd-a1', author: 'zoe', text: 'Hm', created_at: at }],
      }),
    );
    const task = sink.bySource('beads:bd-a1');
    expect(task?.draft.body).toEqual({
      title: 'Title of bd-a1',
      description: 'What\n\n## Design\n\nHow\n\n## Notes\n\nLater',
      criteria: 'It works',
    });
    expect(task?.data).toEqual({
      short: 'bd-1',
      priority: 'P2',
      labels: ['id:bd-a1', 'type:task', 'estimate:30m', 'ui'],
      assignee: sink.bySource('beads:user:team/zoe')?.id,
      due: Date.parse('2025-02-01T00:00:00Z'),
    });
    expect(task?.draft.imported).toEqual({
      at: Date.parse(at),
      source: 'beads:bd-a1',
      author: { $ref: 'beads:user:kai' },
    });
    expect(sink.bySource('beads:bd-a1:comment:7')?.draft.body).toEqual({ text: 'Hm' });
    expect(sink.ofType('task.update')[0]?.data).toEqual({
      addEvidence: [{ kind: 'link', ref: 'https://example.com/1' }],
    });
    expect(sink.bySource('beads:user:team/zoe')?.data['handle']).toBe('team-zoe');
    expect(summary.setAside).toEqual([
      { what: 'field', source: 'beads:bd-a1', reason: 'custom has no place here: "value"' },
    ]);
  });

  it.each([
    ['open', undefined, []],
    ['in_progress', 'doing', []],
    ['hooked', 'doing', ['status:hooked']],
    ['pinned', 'doing', ['status:pinned']],
    ['blocked', 'blocked', []],
    ['deferred', 'blocked', ['status:deferred']],
    ['closed', 'done', []],
    ['tombstone', 'cancelled', ['status:tombstone']],
    ['constructor', 'blocked', ['status:constructor']],
  ])('the status %s', async (status, to, labels) => {
    const { sink } = await imported(issue('bd-a1', { status }));
    expect(sink.ofType('task.move')[0]?.data['to']).toBe(to);
    expect(sink.bySource('beads:bd-a1')?.data['labels']).toEqual(['id:bd-a1', 'type:task', ...labels]);
  });

  it.each([
    [0, 'P0', []],
    [3, 'P3', []],
    [4, 'P3', ['priority:4']],
    [9, 'P2', []],
  ])('the priority %s', async (priority, to, labels) => {
    const { sink } = await imported(issue('bd-a1', { priority }));
    const { data } = sink.bySource('beads:bd-a1') ?? {};
    expect([data?.['priority'], data?.['labels']]).toEqual([to, ['id:bd-a1', 'type:task', ...labels]]);
  });

  it('keeps when and why an issue was closed or deleted', async () => {
    const later = '2025-03-01T00:00:00Z';
    const { sink } = await imported(
      issue('bd-a1', { status: 'closed', closed_at: later, close_reason: 'Shipped' }),
      issue('bd-a2', {
        status: 'tombstone',
        deleted_at: later,
        deleted_by: 'zoe',
        delete_reason: 'Twice',
        original_type: 'bug',
      }),
    );
    const moves = sink.ofType('task.move').map(({ draft }) => [draft.body, draft.imported]);
    const time = Date.parse(later);
    expect(moves).toEqual([
      [
        { reason: 'Shipped' },
        { at: time, source: `beads:bd-a1:done:${time}`, author: { $ref: 'beads:unknown' } },
      ],
      [
        { reason: 'Twice' },
        { at: time, source: `beads:bd-a2:cancelled:${time}`, author: { $ref: 'beads:user:zoe' } },
      ],
    ]);
    expect(sink.bySource('beads:bd-a2')?.data['labels']).toContain('type:bug');
  });

  it('turns dependencies to the side that links', async () => {
    const kinds = [
      'blocks',
      'parent-child',
      'discovered-from',
      'related',
      'duplicates',
      'supersedes',
      'waits-for',
      'tracks',
    ];
    const { sink, summary } = await imported(
      ...kinds.flatMap((kind, i) => [
        issue(`bd-x${i}`, { dependencies: [dependency(`bd-x${i}`, kind, `bd-y${i}`)] }),
        issue(`bd-y${i}`),
      ]),
    );
    const links = sink.ofType('task.link').map(({ draft }) => draft.ref);
    expect(links).toEqual([
      'beads:bd-y0:blocks:beads:bd-x0',
      'beads:bd-y1:parent:beads:bd-x1',
      'beads:bd-x2:discovered-from:beads:bd-y2',
      'beads:bd-x3:related:beads:bd-y3',
      'beads:bd-x4:duplicates:beads:bd-y4',
      'beads:bd-y5:supersedes:beads:bd-x5',
      'beads:bd-y6:blocks:beads:bd-x6',
      'beads:bd-x7:related:beads:bd-y7',
    ]);
    expect(summary.setAside.map(({ reason }) => reason)).toEqual([
      'waits-for: written as blocks',
      'tracks: written as related',
    ]);
  });

  it('writes every dependency or says why not', async () => {
    const { sink, summary } = await imported(
      issue('bd-a1', {
        dependencies: [
          dependency('bd-a1', 'blocks', 'bd-a2'),
          dependency('bd-a1', 'blocks', 'bd-a2'),
          dependency('bd-a1', 'blocks', 'bd-a1'),
          dependency('bd-a1', 'blocks', 'external:other:thing'),
          dependency('bd-a1', 'parent-child', 'bd-a2'),
          dependency('bd-a1', 'parent-child', 'bd-a3', { created_at: '2025-01-03T00:00:00Z' }),
        ],
      }),
      issue('bd-a2', { dependencies: [dependency('bd-a2', 'blocks', 'bd-a3')] }),
      issue('bd-a3', {
        dependencies: [
          dependency('bd-a3', 'blocks', 'bd-a1', { created_at: '2025-01-04T00:00:00Z' }),
          dependency('bd-a3', 'relates-to', 'bd-a1', { created_at: '2025-01-05T00:00:00Z' }),
        ],
      }),
    );
    expect(sink.ofType('task.link').map(({ draft }) => draft.ref)).toEqual([
      'beads:bd-a2:blocks:beads:bd-a1',
      'beads:bd-a2:parent:beads:bd-a1',
      'beads:bd-a3:blocks:beads:bd-a2',
      'beads:bd-a1:related:beads:bd-a3',
    ]);
    expect(summary.setAside.map(({ reason }) => reason)).toEqual([
      'links the issue to itself',
      'the same link stands there already: bd-a2 blocks bd-a1',
      'external:other:thing is not in the file',
      'a second parent: written as related',
      'would close a cycle: bd-a1 blocks bd-a3',
      'the same link stands there already: bd-a3 related bd-a1',
    ]);
    expect(summary.read['dependencies']).toBe(9);
  });

  it('gives short ids in order of creation, and keeps those that have the form', async () => {
    const { sink } = await imported(
      issue('bd-2'),
      issue('bd-zz', { created_at: '2025-01-05T00:00:00Z' }),
      issue('bd-aa', { created_at: '2025-01-04T00:00:00Z' }),
      issue('bd-aa.1', { created_at: '2025-01-06T00:00:00Z' }),
      issue('Ops Team-q'),
    );
    const shorts = sink.ofType('task.create').map(({ draft, data }) => [draft.ref, data['short']]);
    expect(Object.fromEntries(shorts)).toEqual({
      'beads:bd-2': 'bd-2',
      'beads:bd-aa': 'bd-1',
      'beads:bd-zz': 'bd-3',
      'beads:bd-aa.1': 'bd-4',
      'beads:Ops Team-q': 'ops-team-1',
    });
  });

  it('cuts nothing: long texts go on in comments, long titles in the description', async () => {
    const description = Array.from({ length: 9000 }, (_, i) => `line ${i} é`).join('\n');
    const title = `First\n${'word '.repeat(400)}`;
    const { sink, summary } = await imported(
      issue('bd-a1', { description, title, status: 'closed', close_reason: 'because '.repeat(1000) }),
    );
    const task = sink.bySource('beads:bd-a1');
    const parts = sink.ofType('comment.create').filter(({ draft }) => draft.ref.includes(':description'));
    const whole = [task?.draft.body?.['description'], ...parts.map(({ draft }) => draft.body?.['text'])].join(
      '',
    );
    expect(whole).toBe(`# ${title}\n\n${description}`);
    expect(task?.draft.body?.['title']).toMatch(/^First word .*…$/);
    expect(sink.ofType('comment.create').at(-1)?.draft.body?.['text']).toBe('because '.repeat(1000));
    expect(summary.setAside.map(({ what }) => what)).toEqual(['title']);
  });

  it('adds nothing the second time, whatever the order of lines', async () => {
    const lines = [
      issue('bd-a1', { dependencies: [dependency('bd-a1', 'blocks', 'bd-a2')], status: 'closed' }),
      issue('bd-a2', { created_by: 'zoe' }),
    ];
    const { sink } = await imported(...lines);
    const { summary } = await run(beadsImporter(await fileOf([...lines].reverse())), sink);
    expect(summary.written).toEqual({});
    expect(summary.present).toEqual({ members: 3, tasks: 2, moves: 1, links: 1 });
  });

  it.each([
    ['{"id":"bd-a1"', 'line 2 is not JSON'],
    ['{"id":"bd-a1"}', 'line 2: title'],
    ['[]', 'line 2'],
    [JSON.stringify(issue('bd-a3', { created_at: 'soon' })), 'line 2: created_at: soon is not a time'],
    ['<<<<<<< HEAD', 'line 2 is not JSON'],
  ])('names a bad line: %s', async (line, message) => {
    const sink = memorySink();
    const answer = await failure(run(beadsImporter(await fileOf([issue('bd-a2'), line])), sink));
    expect(answer).toMatchObject({ code: 'import_invalid', message: expect.stringContaining(message) });
    expect(sink.stored).toEqual([]);
  });

  it('refuses an empty file and one that is missing', async () => {
    expect(await failure(collect(beadsImporter(await fileOf([]))))).toMatchObject({ code: 'import_invalid' });
    expect(await failure(collect(beadsImporter(join(await temporary(), 'none'))))).toMatchObject({
      code: 'import_invalid',
    });
  });

  it('takes lines in any of the usual forms', async () => {
    const one = JSON.stringify(issue('bd-a1'));
    const { sink } = await imported(`\u{feff}${one}\r`, '', JSON.stringify(issue('bd-a2')), '');
    expect(sink.ofType('task.create')).toHaveLength(2);
  });
});
