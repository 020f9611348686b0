import { type Comment, CoterieError, type List, type Task, type TaskUpdate } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { comment as commentText, taskLine, tasks, task as taskText } from '../text/tasks.ts';
import type { Call, Said } from '../tool.ts';
import type { TaskInput } from './task.ts';

type Field = Exclude<keyof TaskInput, 'action'>;
type Given = TaskInput & { readonly id: string };

interface Action {
  readonly needs: readonly Field[];
  readonly takes: readonly Field[];
  run(input: Given, call: Call): Promise<Said>;
}

const one = (answer: Task, call: Call): Said => ({ text: taskLine(answer, call), answer });
const many = (answer: List<Task>, call: Call): Said => ({ text: tasks(answer, call), answer });

const orNone = (word: string | undefined): string | null | undefined => (word === 'none' ? null : word);
const ids = (words: readonly string[] | undefined, { shorts }: Call): string[] | undefined =>
  words?.map((word) => shorts.whole(word));

type Evidence = NonNullable<TaskUpdate['addEvidence']>;

function evidence(typed: readonly string[] | undefined): Evidence | undefined {
  return typed?.map((text) => {
    const [, kind, ref] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
    if (kind === undefined || ref === undefined)
      throw new CoterieError('invalid', `evidence: ${text} has no kind`, {
        hint: 'Write kind:ref, as in commit:4f1c2ab or link:https://…',
        legal: ['link', 'commit', 'file', 'note', 'message'],
      });
    return { kind: kind as Evidence[number]['kind'], ref };
  });
}

const fields = (input: Given) =>
  given({
    description: input.description,
    criteria: input.criteria,
    priority: input.priority,
    assignee: orNone(input.assignee),
    reviewer: orNone(input.reviewer),
    due: input.due,
  });
const writable = ['description', 'criteria', 'priority', 'assignee', 'reviewer', 'due', 'labels'] as const;

const none: List<Comment> = { items: [] };

/** What each action needs and takes besides, and what it does. */
export const actions: Readonly<Record<TaskInput['action'], Action>> = {
  list: {
    needs: [],
    takes: ['status', 'priority', 'assignee', 'labels', 'limit', 'cursor'],
    async run({ status, priority, assignee, labels, limit = 20, cursor }, call) {
      if (labels && labels.length > 1) throw new CoterieError('invalid', 'labels: one of them selects');
      const asked = given({ status, priority, assignee, label: labels?.[0], limit, cursor });
      return many(await call.team.tasks.list(asked), call);
    },
  },
  ready: {
    needs: [],
    takes: ['limit', 'cursor'],
    run: async ({ limit = 10, cursor }, call) =>
      many(await call.team.tasks.ready(given({ limit, cursor })), call),
  },
  show: {
    needs: ['id'],
    takes: [],
    async run({ id }, call) {
      const { tasks: verbs } = call.team;
      const answer = await verbs.get(id);
      const comments = answer.comments === 0 ? none : await verbs.comments(answer.id);
      return { text: taskText(answer, comments, call), answer };
    },
  },
  create: {
    needs: ['title'],
    takes: [...writable, 'status', 'parent', 'on'],
    async run(input, call) {
      const { title = '', status, labels, parent, on } = input;
      const made = given({
        status,
        labels,
        parent: parent && call.shorts.whole(parent),
        blockedBy: ids(on, call),
      });
      const { key } = call;
      return one(await call.team.tasks.create({ title, ...fields(input), ...made }, { key }), call);
    },
  },
  update: {
    needs: ['id'],
    takes: ['title', ...writable, 'evidence'],
    async run(input, call) {
      const { id, title, labels } = input;
      const less = labels?.filter((label) => label.startsWith('-')).map((label) => label.slice(1));
      const more = labels?.filter((label) => !label.startsWith('-'));
      const changes = given({
        ...fields(input),
        title,
        addLabels: more?.length ? more : undefined,
        removeLabels: less?.length ? less : undefined,
        addEvidence: evidence(input.evidence),
      });
      if (Object.keys(changes).length === 0)
        throw new CoterieError('invalid', 'nothing to change', { legal: ['title', ...writable, 'evidence'] });
      return one(await call.team.tasks.update(id, changes, { key: call.key }), call);
    },
  },
  move: {
    needs: ['id', 'status'],
    takes: ['reason', 'evidence', 'on'],
    async run({ id, status = 'todo', reason, on, evidence: typed }, call) {
      const input = { to: status, ...given({ reason, on: ids(on, call), evidence: evidence(typed) }) };
      return one(await call.team.tasks.move(id, input, { key: call.key }), call);
    },
  },
  decide: {
    needs: ['id', 'accept'],
    takes: ['reason'],
    run: async ({ id, accept = false, reason }, call) =>
      one(await call.team.tasks.decide(id, { accept, ...given({ reason }) }, { key: call.key }), call),
  },
  comment: {
    needs: ['id', 'text'],
    takes: [],
    async run({ id, text = '' }, call) {
      const answer = await call.team.tasks.comment(id, { text }, { key: call.key });
      return { text: commentText(answer, call), answer };
    },
  },
  link: {
    needs: ['id', 'kind', 'to'],
    takes: [],
    run: async ({ id, kind = 'related', to = '' }, call) =>
      one(await call.team.tasks.link(id, { kind, to: call.shorts.whole(to) }, { key: call.key }), call),
  },
  unlink: {
    needs: ['id', 'kind', 'to'],
    takes: [],
    run: async ({ id, kind = 'related', to = '' }, call) =>
      one(await call.team.tasks.unlink(id, { kind, to: call.shorts.whole(to) }, { key: call.key }), call),
  },
};
