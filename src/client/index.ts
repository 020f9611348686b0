import type {
  Acknowledged,
  ActivityItem,
  ArbiterInfo,
  CatchUp,
  Channel,
  Comment,
  DocumentInfo,
  Group,
  History,
  Inbox,
  Invitation,
  InviteInfo,
  List,
  Member,
  Memory,
  Message,
  Presence,
  Remembered,
  RemoteInfo,
  ReplicaInfo,
  Reservation,
  SearchAnswer,
  Status,
  Task,
  Thread,
  TypedEvent,
} from '../../schemas/index.ts';
import type { Replica, Surface, WaitOptions, WriteOptions } from '../replica/surface.ts';
import { createCaller, failure, type Query } from './call.ts';
import { type StreamOptions, streamEvents } from './events.ts';
import { longWork } from './long.ts';
import { streamSearch } from './search.ts';
import { fetchTransport, type Transport } from './transport.ts';

export type { StreamOptions } from './events.ts';
export type { Transport } from './transport.ts';

export interface ClientOptions {
  /** URL of a node, as `coterie up` prints it. */
  readonly url: string;
  /** Bearer token: it names the member that speaks. */
  readonly token?: string | undefined;
  /** Handle of that member, where it is known: a member that changes itself names itself. */
  readonly member?: string | undefined;
  /** How requests travel; by default `fetch`. */
  readonly transport?: Transport | undefined;
}

/**
 * The verbs over HTTP. Which member speaks is the token's to say, so there is no `member`; paths of the long verbs are
 * paths on the node's machine.
 */
export interface Client
  extends Omit<Surface, 'member' | 'events'>,
    Pick<Replica, 'import' | 'export' | 'backup' | 'compact' | 'doctor'> {
  /** As of a replica, and it comes back by itself with its last cursor when the node went away. */
  events(options?: StreamOptions): AsyncIterable<TypedEvent>;
}

const at = encodeURIComponent;

/**
 * A client of one node as one member. It holds no connection open and keeps nothing.
 *
 * @example
 * ```ts
 * import { createClient } from 'coterie/client';
 *
 * const { COTERIE_URL: url = 'http://127.0.0.1:4270', COTERIE_TOKEN: token } = process.env;
 * const node = createClient({ url, token });
 * const { cursor } = await node.status();
 * await node.messages.post('general', { text: 'hello' }, { key: 'first words' });
 * for await (const event of node.events({ since: cursor, types: 'message.*' })) {
 *   if (event.type === 'message.create') console.log(event.body?.text); //=> hello
 *   break;
 * }
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const { url, token, transport = fetchTransport } = options;
  const caller = createCaller(url, token, transport);
  const get = <T>(path: string, query?: object) =>
    caller.json<T>('GET', path, { query: query as Query | undefined });
  const write =
    (method: 'POST' | 'PATCH' | 'PUT') =>
    <T>(path: string, body?: unknown, options?: WaitOptions) =>
      caller.json<T>(method, path, { body, key: options?.key, signal: options?.signal });
  const post = write('POST');
  const patch = write('PATCH');
  const put = write('PUT');
  const remove = <T>(path: string, query: object, options?: WriteOptions) =>
    caller.json<T>('DELETE', path, { query: query as Query, key: options?.key });
  const self = async () => {
    const member = options.member ?? (await get<Status>('/status')).member;
    if (member !== null) return member;
    throw await failure('not_found', 'the member is not made yet', { hint: 'Its first write makes it.' });
  };

  return {
    channels: {
      list: (query) => get<List<Channel>>('/channels', query),
      get: (channel) => get<Channel>(`/channels/${at(channel)}`),
      create: (input, options) => post<Channel>('/channels', input, options),
      update: (channel, input, options) => patch<Channel>(`/channels/${at(channel)}`, input, options),
    },
    messages: {
      post: (channel, input, options) => post<Message>(`/channels/${at(channel)}/messages`, input, options),
      list: (channel, query) => get<List<Message>>(`/channels/${at(channel)}/messages`, query),
      get: (id) => get<Message>(`/messages/${at(id)}`),
      thread: (id, query) => get<Thread>(`/threads/${at(id)}`, query),
      edit: (id, input, options) => patch<Message>(`/messages/${at(id)}`, input, options),
      redact: (id, input = {}, options) => remove(`/messages/${at(id)}`, input, options),
      react: (id, emoji, options) =>
        put<Message>(`/messages/${at(id)}/reactions/${at(emoji)}`, undefined, options),
      unreact: (id, emoji, options) =>
        remove<Message>(`/messages/${at(id)}/reactions/${at(emoji)}`, {}, options),
      flag: (id, input, options) => patch<Message>(`/messages/${at(id)}`, input, options),
    },
    tasks: {
      create: (input, options) => post<Task>('/tasks', input, options),
      list: (query) => get<List<Task>>('/tasks', query),
      ready: (query) => get<List<Task>>('/tasks/ready', query),
      get: (id) => get<Task>(`/tasks/${at(id)}`),
      update: (id, input, options) => patch<Task>(`/tasks/${at(id)}`, input, options),
      move: (id, input, options) => post<Task>(`/tasks/${at(id)}/move`, input, options),
      claim: (id, input = {}, options) => post<Task>(`/tasks/${at(id)}/claim`, input, options),
      renew: (id, input = {}, options) => post<Task>(`/tasks/${at(id)}/renew`, input, options),
      decide: (id, input, options) => post<Task>(`/tasks/${at(id)}/decide`, input, options),
      release: (id, input = {}, options) => post<Task>(`/tasks/${at(id)}/release`, input, options),
      link: (id, input, options) => post<Task>(`/tasks/${at(id)}/links`, input, options),
      unlink: (id, input, options) => remove<Task>(`/tasks/${at(id)}/links`, input, options),
      comment: (id, input, options) => post<Comment>(`/tasks/${at(id)}/comments`, input, options),
      comments: (id, query) => get<List<Comment>>(`/tasks/${at(id)}/comments`, query),
    },
    memory: {
      remember: (input, options) => post<Remembered>('/memory', input, options),
      list: (query) => get<List<Memory>>('/memory', query),
      get: (idOrKey) => get<Memory>(`/memory/${at(idOrKey)}`),
      update: (idOrKey, input, options) => patch<Remembered>(`/memory/${at(idOrKey)}`, input, options),
      forget: (idOrKey, options) => remove<Memory>(`/memory/${at(idOrKey)}`, {}, options),
    },
    reservations: {
      reserve: (input, options) => post<Reservation>('/reservations', input, options),
      list: (query) => get<List<Reservation>>('/reservations', query),
      get: (id) => get<Reservation>(`/reservations/${at(id)}`),
      renew: (id, input = {}, options) => patch<Reservation>(`/reservations/${at(id)}`, input, options),
      release: (id, options) => remove<Reservation>(`/reservations/${at(id)}`, {}, options),
    },
    members: {
      list: (query) => get<List<Member>>('/members', query),
      get: (member) => get<Member>(`/members/${at(member)}`),
      grant: (member, input, options) => post<Member>(`/members/${at(member)}/role`, input, options),
      update: async (input, options) => patch<Member>(`/members/${at(await self())}`, input, options),
    },

    groups: {
      list: (query) => get<List<Group>>('/members', { ...query, groups: true }),
      create: (input, options) => post<Group>('/members', input, options),
      update: (group, input, options) => post<Group>(`/members/${at(group)}`, input, options),
    },
    invites: {
      create: (input = {}, options) => post<Invitation>('/invites', input, options),
      list: (query) => get<List<InviteInfo>>('/invites', query),
      revoke: (invite, options) => post<InviteInfo>(`/invites/${at(invite)}/revoke`, undefined, options),
    },
    arbiter: {
      get: () => get<ArbiterInfo>('/arbiter'),
      move: (input, options) => post<ArbiterInfo>('/arbiter', input, options),
    },
    remotes: {
      list: () => get<List<RemoteInfo>>('/remotes'),
      add: (input) => post<RemoteInfo>('/remotes', input),
      remove: (url) => remove<RemoteInfo>('/remotes', { url }),
    },
    replicas: {
      list: (query) => get<List<ReplicaInfo>>('/replicas', query),
      revoke: (replica, input = {}, options) =>
        post<ReplicaInfo>(`/replicas/${at(replica)}/revoke`, input, options),
    },

    documents: { list: (query) => get<List<DocumentInfo>>('/documents', query) },

    presence: {
      set: (input) => put<Presence>('/presence', input),
      list: (query) => get<List<Presence>>('/presence', query),
    },

    // Over HTTP `kind=memory` recalls, which is by meaning too unless it is said.
    search: (query) =>
      get<SearchAnswer>(
        '/search',
        query.kind === 'memory' ? { ...query, mode: query.mode ?? 'text' } : query,
      ),
    searchStream: (query, { signal } = {}) => streamSearch(caller, query, signal),
    recall: (query) => get<SearchAnswer>('/search', { ...query, kind: 'memory' }),
    events: (options) => streamEvents(caller, async () => (await get<Status>('/status')).cursor, options),
    activity: (query) => get<List<ActivityItem>>('/activity', query),
    history: (id, query) => get<History>(`/history/${at(id)}`, query),
    catchUp: (query) => get<CatchUp>('/catch-up', query),
    inbox: (query) => get<Inbox>('/inbox', query),
    waiting: () => get<{ open: number }>('/acks'),
    acknowledge: (input) => post<Acknowledged>('/acks', input),
    status: () => get<Status>('/status'),

    import: (request, work) => longWork(caller, '/admin/import', request, work),
    export: (request, work) => longWork(caller, '/admin/export', request, work),
    backup: (request, work) => longWork(caller, '/admin/backup', request, work),
    compact: (request = {}, work) => longWork(caller, '/admin/compact', request, work),
    doctor: (work) => longWork(caller, '/admin/doctor', {}, work),
  };
}
