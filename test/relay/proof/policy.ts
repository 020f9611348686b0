import type { Role } from '../../../schemas/index.ts';

/** The least role that may; `local`: a token of the node, whatever the role; `nobody`. */
export type May = Role | 'nobody';

/** The things that a request is about: of the caller, or of another member. */
export interface Owned {
  readonly message: string;
  readonly doomed: string;
  readonly task: string;
  readonly held: string;
  readonly review: string;
  readonly reservation: string;
  readonly memory: string;
}

export interface Things {
  readonly caller: string;
  readonly own: Owned;
  readonly others: Owned;
  readonly task: string;
  /** What that is linked with. */
  readonly linked: string;
  readonly group: string;
  readonly channel: string;
  readonly replica: string;
  readonly invite: string;
  /** A member without rights, and an operation. */
  readonly member: string;
  readonly operation: string;
  /** Names nobody else uses. */
  readonly fresh: string;
}

/** One thing that can be asked for: the least role that may, the route, and what is sent. */
export type Rule = readonly [
  does: string,
  may: May,
  route: string,
  path: (things: Things) => string,
  body?: (things: Things) => unknown,
];

/**
 * Who may what, in short: readers say how far they have read and what they do; members write; things that are somebody's
 * are changed by that member, and ended by an admin too; admins let in and send away; owners make owners.
 */
export const policy: readonly Rule[] = [
  // What a reader may.
  ['says what it does', 'reader', 'put /v1/presence', () => '/v1/presence', () => ({ state: 'idle' })],
  [
    'acknowledges',
    'reader',
    'post /v1/acks',
    () => '/v1/acks',
    ({ operation }) => ({ operations: [operation] }),
  ],
  // What a member may.
  [
    'renames itself',
    'member',
    'patch /v1/members/{member}',
    ({ caller }) => `/v1/members/${caller}`,
    () => ({ name: 'N' }),
  ],
  [
    'renames another',
    'nobody',
    'patch /v1/members/{member}',
    ({ member }) => `/v1/members/${member}`,
    () => ({ name: 'N' }),
  ],
  [
    'makes a group',
    'member',
    'post /v1/members',
    () => '/v1/members',
    ({ fresh }) => ({ handle: fresh, members: [] }),
  ],
  [
    'changes a group',
    'member',
    'post /v1/members/{member}',
    ({ group }) => `/v1/members/${group}`,
    ({ member }) => ({ add: [member] }),
  ],
  ['makes a channel', 'member', 'post /v1/channels', () => '/v1/channels', ({ fresh }) => ({ name: fresh })],
  [
    'changes a channel',
    'member',
    'patch /v1/channels/{channel}',
    ({ channel }) => `/v1/channels/${channel}`,
    ({ fresh }) => ({ topic: fresh }),
  ],
  [
    'posts',
    'member',
    'post /v1/channels/{channel}/messages',
    () => '/v1/channels/general/messages',
    () => ({ text: 'x' }),
  ],
  [
    'edits its message',
    'member',
    'patch /v1/messages/{id}',
    ({ own }) => `/v1/messages/${own.message}`,
    ({ fresh }) => ({ text: fresh }),
  ],
  [
    'edits the message of another',
    'nobody',
    'patch /v1/messages/{id}',
    ({ others }) => `/v1/messages/${others.message}`,
    () => ({ text: 'y' }),
  ],
  ['removes its text', 'member', 'delete /v1/messages/{id}', ({ own }) => `/v1/messages/${own.doomed}`],
  [
    'reacts',
    'member',
    'put /v1/messages/{id}/reactions/{emoji}',
    ({ others }) => `/v1/messages/${others.message}/reactions/+1`,
  ],
  [
    'takes a reaction back',
    'member',
    'delete /v1/messages/{id}/reactions/{emoji}',
    ({ own }) => `/v1/messages/${own.message}/reactions/+1`,
  ],
  ['makes a task', 'member', 'post /v1/tasks', () => '/v1/tasks', () => ({ title: 't' })],
  [
    'changes a task',
    'member',
    'patch /v1/tasks/{id}',
    ({ task }) => `/v1/tasks/${task}`,
    ({ fresh }) => ({ title: fresh }),
  ],
  [
    'comments',
    'member',
    'post /v1/tasks/{id}/comments',
    ({ task }) => `/v1/tasks/${task}/comments`,
    () => ({ text: 'c' }),
  ],
  [
    'links',
    'member',
    'post /v1/tasks/{id}/links',
    ({ task }) => `/v1/tasks/${task}/links`,
    ({ others }) => ({ kind: 'related', to: others.task }),
  ],
  [
    'unlinks',
    'member',
    'delete /v1/tasks/{id}/links',
    ({ task, linked }) => `/v1/tasks/${task}/links?kind=related&to=${linked}`,
  ],
  ['claims', 'member', 'post /v1/tasks/{id}/claim', ({ own }) => `/v1/tasks/${own.task}/claim`],
  // A claim without an end is as it was: nothing is written.
  [
    'renews its claim',
    'reader',
    'post /v1/tasks/{id}/renew',
    ({ own }) => `/v1/tasks/${own.held}/renew`,
    () => ({ ttl: 600_000 }),
  ],
  [
    'moves its task',
    'member',
    'post /v1/tasks/{id}/move',
    ({ own }) => `/v1/tasks/${own.task}/move`,
    () => ({ to: 'review' }),
  ],
  [
    'releases its claim',
    'member',
    'post /v1/tasks/{id}/release',
    ({ own }) => `/v1/tasks/${own.held}/release`,
    () => ({}),
  ],
  [
    'decides on what it made',
    'member',
    'post /v1/tasks/{id}/decide',
    ({ own }) => `/v1/tasks/${own.review}/decide`,
    () => ({ accept: true }),
  ],
  ['remembers', 'member', 'post /v1/memory', () => '/v1/memory', ({ fresh }) => ({ text: `about ${fresh}` })],
  [
    'changes a memory',
    'member',
    'patch /v1/memory/{id}',
    ({ others }) => `/v1/memory/${others.memory}`,
    ({ fresh }) => ({ text: `of ${fresh}` }),
  ],
  ['forgets a memory', 'member', 'delete /v1/memory/{id}', ({ own }) => `/v1/memory/${own.memory}`],
  [
    'reserves',
    'member',
    'post /v1/reservations',
    () => '/v1/reservations',
    ({ fresh }) => ({ globs: [`${fresh}/**`] }),
  ],
  [
    'renews its reservation',
    'member',
    'patch /v1/reservations/{id}',
    ({ own }) => `/v1/reservations/${own.reservation}`,
    () => ({ ttl: 600_000 }),
  ],
  [
    'renews that of another',
    'nobody',
    'patch /v1/reservations/{id}',
    ({ others }) => `/v1/reservations/${others.reservation}`,
    () => ({ ttl: 600_000 }),
  ],
  [
    'releases its reservation',
    'member',
    'delete /v1/reservations/{id}',
    ({ own }) => `/v1/reservations/${own.reservation}`,
  ],
  // What an admin may.
  [
    'removes the text of another',
    'admin',
    'delete /v1/messages/{id}',
    ({ others }) => `/v1/messages/${others.doomed}`,
  ],
  [
    'releases the claim of another',
    'nobody',
    'post /v1/tasks/{id}/release',
    ({ others }) => `/v1/tasks/${others.held}/release`,
    () => ({}),
  ],
  [
    'decides for another',
    'admin',
    'post /v1/tasks/{id}/decide',
    ({ others }) => `/v1/tasks/${others.review}/decide`,
    () => ({ accept: true }),
  ],
  [
    'releases the reservation of another',
    'admin',
    'delete /v1/reservations/{id}',
    ({ others }) => `/v1/reservations/${others.reservation}`,
  ],
  [
    'invites',
    'admin',
    'post /v1/invites',
    () => '/v1/invites',
    () => ({ addresses: ['http://127.0.0.1:1'] }),
  ],
  [
    'takes an invitation back',
    'admin',
    'post /v1/invites/{invite}/revoke',
    ({ invite }) => `/v1/invites/${invite}/revoke`,
  ],
  [
    'revokes a replica',
    'admin',
    'post /v1/replicas/{replica}/revoke',
    ({ replica }) => `/v1/replicas/${replica}/revoke`,
    () => ({}),
  ],
  [
    'moves the arbiter',
    'admin',
    'post /v1/arbiter',
    () => '/v1/arbiter',
    ({ replica }) => ({ to: replica, force: true }),
  ],
  ['adds a remote', 'admin', 'post /v1/remotes', () => '/v1/remotes', () => ({ url: 'http://127.0.0.1:9' })],
  ['removes a remote', 'admin', 'delete /v1/remotes', () => '/v1/remotes?url=http://127.0.0.1:9'],
  [
    'grants admin',
    'admin',
    'post /v1/members/{member}/role',
    ({ member }) => `/v1/members/${member}/role`,
    () => ({ role: 'admin' }),
  ],
  [
    'demotes',
    'admin',
    'post /v1/members/{member}/role',
    ({ member }) => `/v1/members/${member}/role`,
    () => ({ role: 'reader' }),
  ],
  // What an owner may.
  [
    'makes an owner',
    'owner',
    'post /v1/members/{member}/role',
    ({ member }) => `/v1/members/${member}/role`,
    () => ({ role: 'owner' }),
  ],
];
