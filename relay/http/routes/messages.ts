import { z } from 'zod';
import {
  CoterieError,
  Emoji,
  Message,
  MessageEdit,
  MessageFlags,
  Redact,
  Thread,
  ThreadQuery,
} from '../../../schemas/index.ts';
import { check } from '../input.ts';
import { route } from '../route.ts';

/** Either a new text, or flags: they are different operations, and one idempotency key names one of them. */
export const MessagePatch = z.strictObject({ ...MessageEdit.partial().shape, ...MessageFlags.shape });

/** What was removed, and the operation that removed it. */
export const Redacted = z.strictObject({ id: z.string(), operation: z.string() });

const emojiOf = (name: string): string => check(z.strictObject({ emoji: Emoji }), { emoji: name }).emoji;

export const messageRoutes = [
  route({
    method: 'get',
    path: '/v1/messages/{id}',
    summary: 'Shows one message.',
    answer: Message,
    run: ({ surface, params }) => surface.messages.get(params.id),
  }),
  route({
    method: 'patch',
    path: '/v1/messages/{id}',
    summary: 'Edits the text; or pins, unpins, resolves, reopens, follows or mutes.',
    body: MessagePatch,
    answer: Message,
    async run({ surface, params, body: { text, base, ...flags }, key }) {
      const isFlagged = Object.values(flags).some((flag) => flag !== undefined);
      if (text === undefined) {
        if (!isFlagged) throw new CoterieError('invalid', 'text, pinned, resolved or following is missing');
        if (base !== undefined) throw new CoterieError('invalid', 'base belongs to text, which is missing');
        return surface.messages.flag(params.id, flags, { key });
      }
      if (isFlagged) throw new CoterieError('invalid', 'text and flags change in two requests, not in one');
      return surface.messages.edit(params.id, { text, base }, { key });
    },
  }),
  route({
    method: 'delete',
    path: '/v1/messages/{id}',
    summary:
      'Removes the text for good: of a message, and by its id also of a comment, a task, a memory or a reservation.',
    query: Redact,
    answer: Redacted,
    run: ({ surface, params, query, key }) => surface.messages.redact(params.id, query, { key }),
  }),
  route({
    method: 'put',
    path: '/v1/messages/{id}/reactions/{emoji}',
    summary: 'Reacts to a message.',
    answer: Message,
    run: async ({ surface, params, key }) =>
      surface.messages.react(params.id, emojiOf(params.emoji), { key }),
  }),
  route({
    method: 'delete',
    path: '/v1/messages/{id}/reactions/{emoji}',
    summary: 'Takes the reaction back.',
    answer: Message,
    run: async ({ surface, params, key }) =>
      surface.messages.unreact(params.id, emojiOf(params.emoji), { key }),
  }),
  route({
    method: 'get',
    path: '/v1/threads/{id}',
    summary: 'Reads a thread, by its first message or any reply.',
    query: ThreadQuery,
    answer: Thread,
    run: ({ surface, params, query }) => surface.messages.thread(params.id, query),
  }),
];
