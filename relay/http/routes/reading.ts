import { z } from 'zod';
import {
  Acknowledge,
  Acknowledged,
  ActivityItem,
  ActivityQuery,
  CatchUp,
  CatchUpQuery,
  CoterieError,
  DocumentInfo,
  DocumentsQuery,
  History,
  HistoryQuery,
  Inbox,
  InboxQuery,
  list,
  RecallQuery,
  SearchAnswer,
  SearchQuery,
  SearchStreamQuery,
  Waiting,
} from '../../../schemas/index.ts';
import { connectionOf } from '../asked.ts';
import { route, taken } from '../route.ts';
import { sendSearch } from '../stream/search-parts.ts';

/** Search, and recall in one. */
const FindQuery = z.strictObject({ ...SearchQuery.shape, ...RecallQuery.shape });
/** What only memory is asked for. */
const ofMemory = Object.keys(RecallQuery.shape).filter((name) => !(name in SearchQuery.shape));

export const readingRoutes = [
  route({
    method: 'get',
    path: '/v1/documents',
    summary: 'Lists the log documents that are here, as `/sync` opens them; `log` names one log.',
    query: DocumentsQuery,
    answer: list(DocumentInfo),
    run: ({ surface, query }) => surface.documents.list(query),
  }),
  route({
    method: 'get',
    path: '/v1/search',
    summary: 'Searches messages, tasks and memory; `kind=memory` recalls, and takes a `tag`.',
    query: FindQuery,
    answer: SearchAnswer,
    async run({ surface, query: { kind, channel, ...query } }) {
      if (kind === 'memory') {
        if (channel !== undefined) throw new CoterieError('invalid', 'channel: memories are in no channel');
        return surface.recall(query);
      }
      const only = Object.keys(query).find((name) => ofMemory.includes(name));
      if (only !== undefined) throw new CoterieError('invalid', `${only} needs kind=memory`);
      return surface.search({ ...query, kind, channel });
    },
  }),
  route({
    method: 'get',
    path: '/v1/search/stream',
    summary: 'Searches by words and streams what is found, newest first, down to the whole.',
    query: SearchStreamQuery,
    answer: {
      type: 'text/event-stream',
      what: 'events `part`, each with a `SearchPart`; the last has `more` false',
    },
    async run({ door, caller, query, asked }) {
      const { incoming, outgoing } = connectionOf(asked);
      if (incoming.method !== 'GET')
        throw new CoterieError('bad_method', `${incoming.method} does not open a stream`, { legal: ['GET'] });
      if (caller) await sendSearch(door, caller, query, incoming, outgoing);
      return taken;
    },
  }),
  route({
    method: 'get',
    path: '/v1/catch-up',
    summary:
      'Tells everything beyond the mark of the member that asks, with a receipt. Reading it moves no mark.',
    query: CatchUpQuery,
    answer: CatchUp,
    run: ({ surface, query }) => surface.catchUp(query),
  }),
  route({
    method: 'get',
    path: '/v1/inbox',
    summary:
      'Lists what needs the member that asks, the oldest first, with a receipt. Reading it acknowledges nothing.',
    query: InboxQuery,
    answer: Inbox,
    run: ({ surface, query }) => surface.inbox(query),
  }),
  route({
    method: 'get',
    path: '/v1/acks',
    summary:
      'Counts what the member that asks has yet to acknowledge of its inbox. It reads none, so it may be asked often.',
    answer: Waiting,
    run: ({ surface }) => surface.waiting(),
  }),
  route({
    method: 'post',
    path: '/v1/acks',
    summary:
      'Acknowledges a receipt of catch-up or inbox, or operations or inbox items singly. Repeating a receipt changes nothing.',
    body: Acknowledge,
    answer: Acknowledged,
    async run({ surface, body }) {
      if (body.receipt === undefined && body.operations === undefined && body.items === undefined)
        throw new CoterieError('invalid', 'receipt, operations or items is missing');
      return surface.acknowledge(body);
    },
  }),
  route({
    method: 'get',
    path: '/v1/activity',
    summary:
      'Lists what happened, newest first; runs of one kind by one member are one item, unless `each=true`.',
    query: ActivityQuery,
    answer: list(ActivityItem),
    run: ({ surface, query }) => surface.activity(query),
  }),
  route({
    method: 'get',
    path: '/v1/history/{id}',
    summary:
      'Lists every operation on one thing, oldest first, and who wrote each field that shows; `at` a time or a cursor: as it was then.',
    query: HistoryQuery,
    answer: History,
    run: ({ surface, params, query }) => surface.history(params.id, query),
  }),
];
