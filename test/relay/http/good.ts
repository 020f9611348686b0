import type { Route } from '../../../relay/http/route.ts';

/** What is sent to a route, and the verb that it reaches. */
export type Row = readonly [path: string, body: unknown, verb: string];

/** The names of things that are there. */
export interface Things {
  readonly message: string;
  /** A message that may lose its text. */
  readonly other: string;
  readonly task: string;
  readonly second: string;
  /** Key of a memory. */
  readonly key: string;
  readonly receipt: string;
  readonly reservation: string;
  /** Id of a package. */
  readonly kept: string;
}

export const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

/** One good request for each route that answers once, by `method template`. */
export function goodRequests({
  message,
  other,
  task,
  second,
  key: named,
  receipt,
  reservation,
  kept,
}: Things): Record<string, Row> {
  const key = encodeURIComponent(named);
  return {
    'get /v1/status': ['/v1/status', undefined, 'status'],
    'get /v1/members': ['/v1/members?imported=false&limit=5', undefined, 'members.list'],
    'get /v1/members/{member}': ['/v1/members/kai', undefined, 'members.get'],
    'patch /v1/members/{member}': ['/v1/members/kai', { name: 'Kai' }, 'members.update'],
    'post /v1/members/{member}/role': ['/v1/members/mira/role', { role: 'admin' }, 'members.grant'],
    'get /v1/replicas': ['/v1/replicas?limit=5', undefined, 'replicas.list'],
    'get /v1/members-log': ['/v1/members-log', undefined, 'membersLog'],
    'get /v1/packages/{id}': [`/v1/packages/${kept}`, undefined, 'package'],
    'get /v1/relay': ['/v1/relay', undefined, ''],
    'post /v1/sessions': ['/v1/sessions', undefined, ''],
    'get /v1/sessions': ['/v1/sessions', undefined, ''],
    'get /v1/session': ['/v1/session', undefined, ''],
    'delete /v1/session': ['/v1/session', undefined, ''],
    'get /v1/remotes': ['/v1/remotes', undefined, 'remotes.list'],
    'get /v1/arbiter': ['/v1/arbiter', undefined, 'arbiter.get'],
    'post /v1/invites': ['/v1/invites', { uses: 2, addresses: ['http://127.0.0.1:4270'] }, 'invites.create'],
    'post /v1/members': ['/v1/members', { handle: 'crew', members: ['kai'] }, 'groups.create'],
    'post /v1/members/{member}': ['/v1/members/crew', { add: ['kai'] }, 'groups.update'],
    'get /v1/invites': ['/v1/invites?limit=5', undefined, 'invites.list'],
    'get /v1/channels': ['/v1/channels?limit=10&archived=true', undefined, 'channels.list'],
    'post /v1/channels': ['/v1/channels', { name: 'fresh', topic: 't' }, 'channels.create'],
    'get /v1/channels/{channel}': ['/v1/channels/general', undefined, 'channels.get'],
    'patch /v1/channels/{channel}': ['/v1/channels/spare', { topic: 't' }, 'channels.update'],
    'get /v1/channels/{channel}/messages': [
      '/v1/channels/general/messages?order=oldest',
      undefined,
      'messages.list',
    ],
    'post /v1/channels/{channel}/messages': [
      '/v1/channels/general/messages',
      { text: 'hi' },
      'messages.post',
    ],
    'get /v1/messages/{id}': [`/v1/messages/${message}`, undefined, 'messages.get'],
    'patch /v1/messages/{id}': [`/v1/messages/${message}`, { text: 'edited' }, 'messages.edit'],
    'delete /v1/messages/{id}': [`/v1/messages/${other}?reason=oops`, undefined, 'messages.redact'],
    'put /v1/messages/{id}/reactions/{emoji}': [
      `/v1/messages/${message}/reactions/${encodeURIComponent('👍')}`,
      undefined,
      'messages.react',
    ],
    'delete /v1/messages/{id}/reactions/{emoji}': [
      `/v1/messages/${message}/reactions/+1`,
      undefined,
      'messages.unreact',
    ],
    'get /v1/threads/{id}': [`/v1/threads/${message}`, undefined, 'messages.thread'],
    'get /v1/tasks': ['/v1/tasks?status=todo&priority=P1', undefined, 'tasks.list'],
    'post /v1/tasks': ['/v1/tasks', { title: 'do it', labels: ['a'] }, 'tasks.create'],
    'get /v1/tasks/ready': ['/v1/tasks/ready', undefined, 'tasks.ready'],
    'get /v1/tasks/{id}': [`/v1/tasks/${task}`, undefined, 'tasks.get'],
    'patch /v1/tasks/{id}': [`/v1/tasks/${task}`, { title: 'other' }, 'tasks.update'],
    'post /v1/tasks/{id}/claim': [`/v1/tasks/${task}/claim`, undefined, 'tasks.claim'],
    'post /v1/tasks/{id}/renew': [`/v1/tasks/${task}/renew`, { ttl: 60_000 }, 'tasks.renew'],
    'post /v1/tasks/{id}/decide': [`/v1/tasks/${second}/decide`, { accept: true }, 'tasks.decide'],
    'post /v1/tasks/{id}/release': [`/v1/tasks/${task}/release`, { reason: 'r' }, 'tasks.release'],
    'post /v1/tasks/{id}/move': [`/v1/tasks/${task}/move`, { to: 'doing' }, 'tasks.move'],
    'get /v1/tasks/{id}/comments': [`/v1/tasks/${task}/comments`, undefined, 'tasks.comments'],
    'post /v1/tasks/{id}/comments': [`/v1/tasks/${task}/comments`, { text: 'c' }, 'tasks.comment'],
    'post /v1/tasks/{id}/links': [`/v1/tasks/${task}/links`, { kind: 'blocks', to: second }, 'tasks.link'],
    'delete /v1/tasks/{id}/links': [
      `/v1/tasks/${task}/links?kind=blocks&to=${second}`,
      undefined,
      'tasks.unlink',
    ],
    'get /v1/memory': ['/v1/memory?tag=x', undefined, 'memory.list'],
    'post /v1/memory': ['/v1/memory', { text: 'm', tags: ['x'] }, 'memory.remember'],
    'get /v1/memory/{id}': [`/v1/memory/${key}`, undefined, 'memory.get'],
    'patch /v1/memory/{id}': [`/v1/memory/${key}`, { text: 'n' }, 'memory.update'],
    'delete /v1/memory/{id}': [`/v1/memory/${key}`, undefined, 'memory.forget'],
    'get /v1/reservations': ['/v1/reservations?path=src/a.ts&others=true', undefined, 'reservations.list'],
    'post /v1/reservations': ['/v1/reservations', { globs: ['src/**'] }, 'reservations.reserve'],
    'get /v1/reservations/{id}': [`/v1/reservations/${reservation}`, undefined, 'reservations.get'],
    'patch /v1/reservations/{id}': [`/v1/reservations/${reservation}`, { ttl: 60_000 }, 'reservations.renew'],
    'delete /v1/reservations/{id}': [`/v1/reservations/${reservation}`, undefined, 'reservations.release'],
    'get /v1/documents': ['/v1/documents?log=tasks&limit=5', undefined, 'documents.list'],
    'get /v1/search': ['/v1/search?q=word&kind=message', undefined, 'search'],
    'get /v1/catch-up': ['/v1/catch-up?budget=1000', undefined, 'catchUp'],
    'get /v1/inbox': ['/v1/inbox?limit=2', undefined, 'inbox'],
    'get /v1/acks': ['/v1/acks', undefined, 'waiting'],
    'post /v1/acks': ['/v1/acks', { receipt }, 'acknowledge'],
    'get /v1/presence': ['/v1/presence?offline=false&limit=5', undefined, 'presence.list'],
    'put /v1/presence': ['/v1/presence', { state: 'idle', note: 'n', ttl: 60 }, 'presence.set'],
    'get /v1/activity': ['/v1/activity?types=message.*', undefined, 'activity'],
    'get /v1/history/{id}': [`/v1/history/${message}`, undefined, 'history'],
    'get /status': ['/status', undefined, 'status'],
    'get /healthz': ['/healthz', undefined, ''],
    'get /readyz': ['/readyz', undefined, 'channels.list'],
    'get /metrics': ['/metrics', undefined, 'status'],
    'get /version': ['/version', undefined, ''],
    'get /openapi.json': ['/openapi.json', undefined, ''],
  };
}

/** Tested by themselves: they answer with a stream, or need keys that exist nowhere else. */
export const streamed = [
  'post /v1/invites/{invite}/admissions',
  'put /v1/packages/{id}',
  'post /v1/invites/{invite}/revoke',
  'post /v1/replicas/{replica}/revoke',
  'post /v1/arbiter',
  'post /v1/remotes',
  'delete /v1/remotes',
  'get /v1/events',
  'post /v1/session',
  'post /v1/replicas',
  'get /v1/search/stream',
  ...['import', 'export', 'backup', 'compact', 'doctor'].map((work) => `post /v1/admin/${work}`),
];
