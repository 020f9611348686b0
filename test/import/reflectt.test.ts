import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImportSummary } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import { open, refused } from '../replica/support/open.ts';
import { temporary, writeFiles } from './support/files.ts';

const t0 = Date.parse('2026-02-10T09:00:00Z');
const lines = (...rows: readonly unknown[]): string =>
  rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join('');
const message = (n: number, from: string, content: string, more: Record<string, unknown> = {}) => ({
  id: `msg-${n}`,
  from,
  content,
  timestamp: t0 + n * 1000,
  channel: 'general',
  reactions: {},
  ...more,
});
const task = (n: number, title: string, more: Record<string, unknown> = {}) => ({
  id: `task-${n}`,
  title,
  status: 'todo',
  createdBy: 'kai',
  createdAt: t0 + n * 1000,
  updatedAt: t0 + n * 1000,
  ...more,
});

async function directory(files: Record<string, string>): Promise<string> {
  const at = join(await temporary(), 'data');
  await writeFiles(at, files);
  return at;
}

async function imported(
  files: Record<string, string>,
): Promise<{ replica: Replica; summary: ImportSummary; path: string }> {
  const path = await directory(files);
  const replica = await open(undefined, { as: 'zoe' });
  return { replica, summary: await replica.import({ format: 'reflectt', path }), path };
}

describe('import reflectt', () => {
  it('reads messages as their trail left them: edits, reactions, threads, what was deleted', async () => {
    const { replica, summary, path } = await imported({
      'messages.jsonl': lines(
        message(1, 'link', 'first @sage'),
        message(2, 'sage', 'an answer', { threadId: 'msg-1' }),
        message(3, 'sage', 'gone soon'),
        message(1, 'link', 'first, edited, @sage', {
          reactions: { '👀': ['sage', 'kai'] },
          metadata: { editedAt: 1 },
        }),
        { id: 'msg-3', from: 'sage', content: '', timestamp: 0, metadata: { deleteUpdate: true } },
        message(4, 'kai', 'in ops', {
          channel: 'ops',
          attachments: [
            { name: 'a', url: 'https://example.com/a', size: 3 },
            { name: 'b', url: '/files/b' },
          ],
        }),
        message(5, 'kai', 'for you alone', { to: 'sage' }),
        message(6, 'kai', 'lost thread', { threadId: 'msg-9' }),
      ),
    });
    const general = (await replica.messages.list('general', { order: 'oldest' })).items;
    expect(general.map(({ text, author }) => `${author.handle}: ${text}`)).toEqual([
      'link: first, edited, @sage',
      'sage: an answer',
      'kai: lost thread',
    ]);
    const [first, answer] = general;
    expect(first).toMatchObject({
      at: new Date(t0 + 1000).toISOString(),
      mentions: [{ handle: 'sage' }],
      replies: 1,
      reactions: [{ emoji: '👀' }],
      imported: { source: 'reflectt:message:msg-1' },
    });
    expect(answer?.thread).toBe(first?.id);
    const [ops] = (await replica.messages.list('ops')).items;
    expect(ops?.files).toEqual([{ name: 'a', url: 'https://example.com/a', bytes: 3 }]);
    const { items } = await replica.search({ q: 'alone' }).then(async ({ results }) => ({
      items: await Promise.all(results.map(({ id }) => replica.messages.get(id))),
    }));
    // Who imports is in no conversation of others.
    expect(items).toEqual([]);
    expect(summary.read).toMatchObject({ messages: 5, members: 3 });
    expect(summary.setAside).toEqual([
      { what: 'message', source: 'reflectt:message:msg-3', reason: 'was deleted there' },
      { what: 'file', source: 'reflectt:message:msg-4', reason: 'b: kept on the server alone' },
      {
        what: 'message',
        source: 'reflectt:message:msg-6',
        reason: 'its thread msg-9 is not before it in the same place: written as a plain message',
      },
    ]);
    expect((await replica.catchUp()).pending).toBe(0);
    const again = await replica.import({ format: 'reflectt', path });
    expect(again.written).toEqual({});
  });

  it('reads tasks with their state, comments, links, and who moved them when', async () => {
    const { replica, summary } = await imported({
      'tasks.jsonl': lines(
        task(1, 'Build it', { status: 'todo' }),
        task(2, 'Ship it', {
          blocked_by: ['task-1', 'task-7'],
          priority: 'P1',
          reviewer: 'sage',
          done_criteria: ['it runs', 'it is told'],
          tags: ['release'],
          dueAt: t0 + 9e6,
        }),
        task(3, 'Gone'),
        task(1, 'Build it', {
          status: 'validating',
          assignee: 'link',
          updatedAt: t0 + 9000,
          metadata: { lane: 'x' },
        }),
        { id: 'task-3', deleted: true, deletedBy: 'kai', deletedAt: t0 },
        task(4, 'Elsewhere', { status: 'resolved_externally', epic_id: 'task-2' }),
      ),
      'tasks.comments.jsonl': lines({
        id: 'c1',
        taskId: 'task-1',
        author: 'link',
        content: 'nearly',
        timestamp: t0 + 5000,
      }),
      'tasks.history.jsonl': lines(
        {
          id: 'h1',
          taskId: 'task-1',
          type: 'status_changed',
          actor: 'link',
          timestamp: t0 + 3000,
          data: { from: 'todo', to: 'doing' },
        },
        {
          id: 'h2',
          taskId: 'task-1',
          type: 'status_changed',
          actor: 'link',
          timestamp: t0 + 8000,
          data: { from: 'doing', to: 'validating' },
        },
      ),
    });
    const all = new Map((await replica.tasks.list({ limit: 50 })).items.map((one) => [one.title, one]));
    expect([...all.keys()].sort()).toEqual(['Build it', 'Elsewhere', 'Ship it']);
    const [build, ship, elsewhere] = ['Build it', 'Ship it', 'Elsewhere'].map((title) => all.get(title));
    expect(build).toMatchObject({
      short: 'kai-1',
      status: 'review',
      assignee: { handle: 'link' },
      priority: 'P2',
    });
    expect(ship).toMatchObject({
      status: 'todo',
      priority: 'P1',
      reviewer: { handle: 'sage' },
      criteria: '- it runs\n- it is told',
      labels: ['id:task-2', 'release'],
      due: new Date(t0 + 9e6).toISOString(),
      blockers: [{ short: 'kai-1' }],
      ready: false,
    });
    expect(elsewhere).toMatchObject({
      status: 'done',
      labels: ['epic:task-2', 'id:task-4', 'status:resolved_externally'],
    });
    expect(elsewhere?.inverse).toMatchObject([{ kind: 'parent', short: 'kai-2' }]);
    expect((await replica.tasks.comments('kai-1')).items).toMatchObject([
      { text: 'nearly', author: { handle: 'link' } },
    ]);
    const moves = (await replica.history(build?.id ?? '')).items.filter(({ type }) => type === 'task.move');
    expect(moves).toMatchObject([{ by: { handle: 'link' }, at: new Date(t0 + 8000).toISOString() }]);
    expect(summary.setAside.map(({ what, reason }) => `${what}: ${reason}`)).toEqual([
      'task: was deleted there',
      'metadata: has no place here: lane',
      'link: task-7 is not in the file',
    ]);
  });

  it('reads the memory files of agents', async () => {
    const { replica } = await imported({
      'workspace-link/MEMORY.md': '# What I know\n\nThe relay listens on 4270.',
      'workspace-link/memory/2026-02-10.md': '[09:00]\nShipped it.',
      'workspace-link/SOUL.md': 'not a memory',
    });
    const items = (await replica.memory.list()).items.map(({ key, by, text }) => [key, by.handle, text]);
    expect(items.sort()).toEqual([
      ['link/2026-02-10', 'link', '[09:00]\nShipped it.'],
      ['link/MEMORY', 'link', '# What I know\n\nThe relay listens on 4270.'],
    ]);
  });

  it('a damaged line writes nothing, a directory of something else is refused', async () => {
    const replica = await open(undefined, { as: 'zoe' });
    const damaged = await directory({
      'messages.jsonl': lines(message(1, 'link', 'ok'), '{"id": "msg-2", "from"'),
    });
    expect(
      (await refused(replica.import({ format: 'reflectt', path: damaged }), 'import_invalid')).message,
    ).toContain('messages.jsonl line 2');
    const odd = await directory({ 'tasks.jsonl': lines(task(1, 'ok'), { id: 'task-2', title: 7 }) });
    expect(
      (await refused(replica.import({ format: 'reflectt', path: odd }), 'import_invalid')).message,
    ).toContain('tasks.jsonl line 2: title');
    await refused(
      replica.import({ format: 'reflectt', path: await directory({ 'notes.txt': 'x' }) }),
      'import_invalid',
    );
    expect((await replica.messages.list('general')).items).toEqual([]);
  });
});
