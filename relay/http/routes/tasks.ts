import { z } from 'zod';
import {
  Base,
  Comment,
  CommentCreate,
  CommentsQuery,
  list,
  ReadyQuery,
  Task,
  TaskClaim,
  TaskCreate,
  TaskDecide,
  TaskLink,
  TaskMove,
  TaskRelease,
  TaskRenew,
  TasksQuery,
  TaskUpdate,
} from '../../../schemas/index.ts';
import { route } from '../route.ts';

/** A link as a query: removing takes no body. */
const LinkQuery = z.strictObject({
  kind: TaskLink.shape.kind,
  to: TaskLink.shape.to,
  /** Comma-separated. */
  base: z
    .string()
    .max(512)
    .transform((heads) => heads.split(','))
    .pipe(Base)
    .optional(),
});

export const taskRoutes = [
  route({
    method: 'get',
    path: '/v1/tasks',
    summary: 'Lists tasks, by status, assignee, holder, priority or label; overdue or stale ones.',
    query: TasksQuery,
    answer: list(Task),
    run: ({ surface, query }) => surface.tasks.list(query),
  }),
  route({
    method: 'post',
    path: '/v1/tasks',
    summary: 'Creates a task.',
    body: TaskCreate,
    answer: Task,
    status: 201,
    run: ({ surface, body, key }) => surface.tasks.create(body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/tasks/ready',
    summary: 'Lists what can be begun: to do, unblocked and unclaimed; by priority, then due, then age.',
    query: ReadyQuery,
    answer: list(Task),
    run: ({ surface, query }) => surface.tasks.ready(query),
  }),
  route({
    method: 'get',
    path: '/v1/tasks/{id}',
    summary: 'Shows one task, by short id or id.',
    answer: Task,
    run: ({ surface, params }) => surface.tasks.get(params.id),
  }),
  route({
    method: 'patch',
    path: '/v1/tasks/{id}',
    summary: 'Changes what is named: title, texts, priority, people, due, labels, evidence.',
    body: TaskUpdate,
    answer: Task,
    run: ({ surface, params, body, key }) => surface.tasks.update(params.id, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/claim',
    summary:
      'Claims a task, and waits for the arbiter where a grant is needed; a repeat by the holder answers its claim.',
    body: TaskClaim,
    bodyOptional: true,
    answer: Task,
    run: ({ surface, params, body, key, asked }) =>
      surface.tasks.claim(params.id, body, { key, signal: asked.gone() }),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/renew',
    summary: 'Asks for a longer lease of a claim.',
    body: TaskRenew,
    bodyOptional: true,
    answer: Task,
    run: ({ surface, params, body, key }) => surface.tasks.renew(params.id, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/decide',
    summary: 'Takes a contested result, or sends the task back into work.',
    body: TaskDecide,
    answer: Task,
    run: ({ surface, params, body, key }) => surface.tasks.decide(params.id, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/release',
    summary: 'Gives a claim back.',
    body: TaskRelease,
    bodyOptional: true,
    answer: Task,
    run: ({ surface, params, body, key }) => surface.tasks.release(params.id, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/move',
    summary: 'Moves a task to another status.',
    body: TaskMove,
    answer: Task,
    run: ({ surface, params, body, key }) => surface.tasks.move(params.id, body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/tasks/{id}/comments',
    summary: 'Reads the comments, oldest first.',
    query: CommentsQuery,
    answer: list(Comment),
    run: ({ surface, params, query }) => surface.tasks.comments(params.id, query),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/comments',
    summary: 'Comments on a task.',
    body: CommentCreate,
    answer: Comment,
    status: 201,
    run: ({ surface, params, body, key }) => surface.tasks.comment(params.id, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/tasks/{id}/links',
    summary: 'Links the task to another.',
    body: TaskLink,
    answer: Task,
    status: 201,
    run: ({ surface, params, body, key }) => surface.tasks.link(params.id, body, { key }),
  }),
  route({
    method: 'delete',
    path: '/v1/tasks/{id}/links',
    summary: 'Removes a link.',
    query: LinkQuery,
    answer: Task,
    run: ({ surface, params, query, key }) => surface.tasks.unlink(params.id, query, { key }),
  }),
];
