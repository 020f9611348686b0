import { CoterieError, EventsQuery } from '../../../schemas/index.ts';
import { connectionOf } from '../asked.ts';
import { route, taken } from '../route.ts';
import { sendEvents } from '../stream/sse.ts';

export const eventRoutes = [
  route({
    method: 'get',
    path: '/v1/events',
    summary: 'Streams events: what is beyond `since` or `Last-Event-ID`, then what happens.',
    query: EventsQuery,
    answer: { type: 'text/event-stream', what: 'events named by their type, each with its cursor as `id`' },
    async run({ door, caller, query, asked }) {
      const { incoming, outgoing } = connectionOf(asked);
      if (incoming.method !== 'GET')
        throw new CoterieError('bad_method', `${incoming.method} does not open a stream`, { legal: ['GET'] });
      const last = incoming.headers['last-event-id'];
      const since = last === undefined || last === '' ? query.since : String(last);
      if (caller) await sendEvents(door, caller, { ...query, since }, incoming, outgoing);
      return taken;
    },
  }),
];
