import { list, Memory, MemoryQuery, MemoryUpdate, Remember, Remembered } from '../../../schemas/index.ts';
import { route } from '../route.ts';

export const memoryRoutes = [
  route({
    method: 'get',
    path: '/v1/memory',
    summary: 'Lists memories, by key, tag or kind; forgotten ones only when asked.',
    query: MemoryQuery,
    answer: list(Memory),
    run: ({ surface, query }) => surface.memory.list(query),
  }),
  route({
    method: 'post',
    path: '/v1/memory',
    summary: 'Remembers; with a key that exists, writes the next version of that memory.',
    body: Remember,
    answer: Remembered,
    status: 201,
    run: ({ surface, body, key }) => surface.memory.remember(body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/memory/{id}',
    summary: 'Shows one memory, by id or by key (URL-encoded, a slash as `%2F`).',
    answer: Memory,
    run: ({ surface, params }) => surface.memory.get(params.id),
  }),
  route({
    method: 'patch',
    path: '/v1/memory/{id}',
    summary: 'Writes the next version.',
    body: MemoryUpdate,
    answer: Remembered,
    run: ({ surface, params, body, key }) => surface.memory.update(params.id, body, { key }),
  }),
  route({
    method: 'delete',
    path: '/v1/memory/{id}',
    summary:
      'Forgets: no list or search shows it any more. Its text stays in the history until it is redacted.',
    answer: Memory,
    run: ({ surface, params, key }) => surface.memory.forget(params.id, { key }),
  }),
];
