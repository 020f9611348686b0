import { list, Presence, PresenceQuery, PresenceSet } from '../../../schemas/index.ts';
import { route } from '../route.ts';

export const presenceRoutes = [
  route({
    method: 'get',
    path: '/v1/presence',
    summary:
      'Lists who is there and what they do; `offline=false` leaves out who is not, `member` names one.',
    query: PresenceQuery,
    answer: list(Presence),
    run: ({ surface, query }) => surface.presence.list(query),
  }),
  route({
    method: 'put',
    path: '/v1/presence',
    summary:
      'Says what the member of the token does, until `ttl` is over or it is said again. Nothing is stored.',
    body: PresenceSet,
    answer: Presence,
    run: ({ surface, body }) => surface.presence.set(body),
  }),
];
