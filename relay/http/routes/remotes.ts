import { list, RelayInfo, RemoteAdd, RemoteInfo, RemoteRemove } from '../../../schemas/index.ts';
import { route } from '../route.ts';

/** What this listener is, and whom it dials. */
export const remoteRoutes = [
  route({
    method: 'get',
    path: '/v1/relay',
    open: true,
    summary: 'Tells what listens here, its key, and the protocol versions that it speaks.',
    answer: RelayInfo,
    run: async ({ door }) => door.relay,
  }),
  route({
    method: 'get',
    path: '/v1/remotes',
    summary: 'Lists the relays and nodes that this node dials always, and how each link stands.',
    answer: list(RemoteInfo),
    run: ({ surface }) => surface.remotes.list(),
  }),
  route({
    method: 'post',
    path: '/v1/remotes',
    summary: 'Adds a relay or a node; an admin does. It is dialled at once, and after each start.',
    body: RemoteAdd,
    answer: RemoteInfo,
    status: 201,
    run: ({ surface, body }) => surface.remotes.add(body),
  }),
  route({
    method: 'delete',
    path: '/v1/remotes',
    summary: 'Removes a remote by its URL; an admin does.',
    query: RemoteRemove,
    answer: RemoteInfo,
    run: ({ surface, query }) => surface.remotes.remove(query.url),
  }),
];
