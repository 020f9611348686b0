import { z } from 'zod';
import {
  ActivityQuery,
  ArbiterMove,
  ChannelCreate,
  ChannelUpdate,
  DocumentsQuery,
  GroupCreate,
  GroupUpdate,
  HistoryQuery,
  InboxQuery,
  InviteCreate,
  MemberUpdate,
  MemoryQuery,
  MemoryUpdate,
  MessageEdit,
  MessageFlags,
  Redact,
  ReplicaRevoke,
  ReservationRenew,
  RoleGrant,
} from '../../../schemas/index.ts';
import type { Team } from '../tool.ts';

/** A verb by its name in the TypeScript interface. */
export interface Verb {
  /** What stands before the input, each a text. */
  readonly names: readonly string[];
  readonly input?: z.ZodObject;
  readonly writes: boolean;
}

const page = z.strictObject({ limit: MemoryQuery.shape.limit, cursor: MemoryQuery.shape.cursor });
const read = (names: readonly string[], input?: z.ZodObject): Verb => ({
  names,
  writes: false,
  ...(input ? { input } : {}),
});
const write = (names: readonly string[], input?: z.ZodObject): Verb => ({
  ...read(names, input),
  writes: true,
});

/** The verbs that no tool of its own has. Long work on files of the node's machine is the command line's. */
export const verbs = {
  'channels.create': write([], ChannelCreate),
  'channels.update': write(['channel'], ChannelUpdate),
  'messages.edit': write(['id'], MessageEdit),
  'messages.redact': write(['id'], Redact),
  'messages.react': write(['id', 'emoji']),
  'messages.unreact': write(['id', 'emoji']),
  'messages.flag': write(['id'], MessageFlags),
  'memory.list': read([], MemoryQuery),
  'memory.update': write(['key'], MemoryUpdate),
  'memory.forget': write(['key']),
  'reservations.renew': write(['id'], ReservationRenew),
  'members.list': read([], page),
  'members.update': write([], MemberUpdate),
  'members.grant': write(['member'], RoleGrant),
  'groups.list': read([], page),
  'groups.create': write([], GroupCreate),
  'groups.update': write(['group'], GroupUpdate),
  'invites.list': read([], page),
  'invites.create': write([], InviteCreate),
  'invites.revoke': write(['invite']),
  'replicas.list': read([], page),
  'replicas.revoke': write(['replica'], ReplicaRevoke),
  'arbiter.get': read([]),
  'arbiter.move': write([], ArbiterMove),
  'documents.list': read([], DocumentsQuery),
  inbox: read([], InboxQuery),
  activity: read([], ActivityQuery),
  history: read(['id'], HistoryQuery),
  status: read([]),
} as const satisfies Readonly<Record<string, Verb>>;
export type VerbName = keyof typeof verbs;

type Method = (...given: unknown[]) => Promise<object>;

/** The method of a team that a name stands for. */
export function methodOf(team: Team, name: VerbName): Method {
  const [group = '', method] = name.split('.');
  const found: unknown = Reflect.get(team, group);
  const run: unknown = method === undefined ? found : Reflect.get(found as object, method);
  return (...given) => (run as Method).apply(method === undefined ? team : found, given);
}

/** A verb as the list shows it: `messages.react(id, emoji)`. */
export function written(name: string, { names, input }: Verb): string {
  const fields = input ? [`{${Object.keys(input.shape).join(' ')}}`] : [];
  return `${name}(${[...names, ...fields].join(', ')})`;
}
