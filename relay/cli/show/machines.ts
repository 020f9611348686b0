import type {
  ArbiterInfo,
  Invitation,
  InviteInfo,
  List,
  Peer,
  RemoteInfo,
  ReplicaInfo,
} from '../../../schemas/index.ts';
import type { JoinAnswer } from '../verbs/machines.ts';
import { more } from './conversation.ts';
import { counted, facts, oneLine, type Tint, table, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

/** The ticket stands alone on its line, so that it is copied whole. `drawn`: the same for a camera. */
export const invitation = (answer: Invitation, drawn: string | undefined, view: View): string =>
  [
    answer.ticket,
    '',
    ...(drawn === undefined ? [] : [drawn, '']),
    tint(
      view,
      'dim',
      `for ${counted(answer.uses, 'machine')}, as ${answer.role}, ends ${ago(answer.expires, view.now)}; whoever has it can join`,
    ),
    tint(view, 'dim', "there: coterie join 'TICKET'"),
    tint(view, 'dim', `to take it back: coterie uninvite ${answer.invite}`),
  ].join('\n');

function inviteState({ expires, revoked, uses, used }: InviteInfo, { now }: View): string {
  if (revoked) return `revoked by ${revoked.by.handle}`;
  if (Date.parse(expires) <= now) return `ended ${ago(expires, now)}`;
  return used !== null && used >= uses ? 'used up' : `ends ${ago(expires, now)}`;
}

export function invites({ items, next }: List<InviteInfo>, view: View): string {
  const shape = [
    { title: 'invite', of: (item: InviteInfo) => item.id, tint: 'cyan' as const },
    { title: 'role', of: (item: InviteInfo) => item.role },
    { title: 'used', of: ({ used, uses }: InviteInfo) => `${used ?? '?'} of ${uses}` },
    { title: 'state', of: (item: InviteInfo) => inviteState(item, view), gives: true },
    { title: 'by', of: (item: InviteInfo) => item.by.handle, tint: 'dim' as const },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}

export const invite = (item: InviteInfo, view: View): string =>
  `${tint(view, 'cyan', item.id)} ${inviteState(item, view)}`;

export const joined = (answer: JoinAnswer, view: View): string =>
  [
    facts(
      [
        ['workspace', `${oneLine(answer.workspace.name)} ${tint(view, 'dim', answer.workspace.id)}`],
        ['directory', answer.directory],
        ['replica', answer.replica],
        ['member', answer.member],
        ['invited by', `@${oneLine(answer.by)}, as ${answer.role} at most`],
        ['syncs with', answer.addresses.join(', ')],
      ],
      view,
    ),
    '',
    tint(
      view,
      'dim',
      answer.fresh ? 'joined; now: coterie up' : 'it was a replica of this workspace already',
    ),
  ].join('\n');

/** How a link stands, in a word or two. */
export function linkState(peer: Peer): string {
  if (peer.state !== 'linked') return peer.trouble ? `${peer.state}: ${peer.trouble.message}` : peer.state;
  if (peer.lag > 0) return `${counted(peer.lag, 'update')} behind`;
  if (peer.syncing > 0) return `syncing ${counted(peer.syncing, 'document')}`;
  return peer.digest === 'different' ? 'linked, not equal' : peer.digest === 'equal' ? 'equal' : 'linked';
}

const stateTint = (peer: Peer): Tint =>
  peer.state === 'linked' ? (peer.digest === 'different' ? 'yellow' : 'green') : peer.trouble ? 'red' : 'dim';

/** One of the local network is shown by its address: its URL is of no use to anything else. */
const whereOf = ({ url, lan }: Peer): string =>
  url === null ? (lan ? 'came in, lan' : 'came in') : lan ? `lan ${new URL(url).host}` : url;

/** The links of this replica, one a line. */
export function peers(list: readonly Peer[], view: View): string {
  const shape = [
    { title: 'peer', of: (peer: Peer) => peer.replica ?? '?' },
    { title: 'where', of: whereOf },
    { title: 'state', of: linkState, tint: stateTint, gives: true },
    {
      title: 'stored there',
      of: (peer: Peer) => (peer.acknowledged ? ago(peer.acknowledged, view.now) : ''),
      tint: 'dim' as const,
    },
  ];
  return table(list, shape, view);
}

const remoteState = ({ mode, state, trouble, lag }: RemoteInfo): string =>
  state !== 'linked'
    ? trouble
      ? `${state}: ${oneLine(trouble.message)}`
      : state
    : trouble
      ? `linked, but ${oneLine(trouble.message)}`
      : lag > 0
        ? `linked, ${counted(lag, mode === 'sealed' ? 'document' : 'update')} behind`
        : 'linked';

export const remote = (item: RemoteInfo, view: View): string =>
  `${tint(view, 'cyan', item.url)} ${item.mode ?? 'unknown'}, ${remoteState(item)}`;

/** Relays and nodes that are dialled always. */
export function remotes({ items }: List<RemoteInfo>, view: View): string {
  const shape = [
    { title: 'remote', of: (item: RemoteInfo) => item.url, tint: 'cyan' as const },
    { title: 'mode', of: (item: RemoteInfo) => item.mode ?? '?' },
    { title: 'state', of: remoteState, gives: true },
    {
      title: 'stored there',
      of: (item: RemoteInfo) => (item.acknowledged ? ago(item.acknowledged, view.now) : ''),
      tint: 'dim' as const,
    },
    {
      title: 'added',
      of: (item: RemoteInfo) => (item.added ? ago(item.added, view.now) : 'for this run'),
      tint: 'dim' as const,
    },
  ];
  return table(items, shape, view);
}

function standing(item: ReplicaInfo): string {
  if (item.revoked) return `revoked by ${item.revoked.by.handle}`;
  if (item.self) return 'this one';
  const [link] = [...item.links].sort((a, b) => Number(b.state === 'linked') - Number(a.state === 'linked'));
  return link ? linkState(link) : 'no link';
}

export function replicas({ items, next }: List<ReplicaInfo>, view: View): string {
  const shape = [
    { title: 'replica', of: (item: ReplicaInfo) => item.id, tint: 'cyan' as const },
    { title: 'name', of: (item: ReplicaInfo) => item.name ?? '' },
    {
      title: 'members',
      of: (item: ReplicaInfo) => item.members.map(({ handle }) => handle).join(', '),
      gives: true,
    },
    { title: 'state', of: standing },
    { title: 'admitted', of: (item: ReplicaInfo) => ago(item.admitted, view.now), tint: 'dim' as const },
    {
      title: 'by',
      of: (item: ReplicaInfo) => (item.by ? item.by.handle : 'owner’s machine'),
      tint: 'dim' as const,
    },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}

const came: Readonly<Record<ArbiterInfo['how'], string>> = {
  genesis: 'from the beginning',
  'hand-over': 'handed over',
  move: 'moved by force',
};

export function arbiter(item: ArbiterInfo, view: View): string {
  const known = [item.name, item.self ? 'this one' : undefined, item.revoked ? 'revoked' : undefined];
  const names = known.filter((part) => part).join(', ');
  const who = names === '' ? '' : ` (${names})`;
  const by = item.by ? ` by ${item.by.handle}` : '';
  return [
    `${tint(view, 'cyan', item.replica)}${who}`,
    `term ${item.term}, ${came[item.how]}${by} ${ago(item.since, view.now)} · ${counted(item.grants, 'grant')} in force`,
  ].join('\n');
}

export const replica = (item: ReplicaInfo, view: View): string =>
  `${tint(view, 'cyan', item.id)} ${standing(item)}`;
