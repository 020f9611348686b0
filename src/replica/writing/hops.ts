import { CoterieError, type Hash } from '../../../schemas/index.ts';
import { listOf } from '../../fold/data.ts';
import { defaultHops } from '../../fold/subjects/channel.ts';
import type { ChannelState } from '../../fold/types.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import { nameOfChannel } from '../reading/names.ts';
import type { ChannelRow, ThreadRow } from '../views/conversation.ts';
import type { Actor, Writing } from './context.ts';

interface Posting {
  readonly channel: ChannelState;
  /** The first message of the thread that it is in. */
  readonly root: Hash | undefined;
  /** What the agent itself knows of. */
  readonly hops: number | undefined;
}

/**
 * How often agents have answered each other, this post counted. In a thread a post answers the newest message that is
 * here; outside one, the newest of the channel, where that mentions the author or is a direct conversation. Throws `too_many_hops` beyond what the
 * channel allows. A human's post has none.
 */
export function hopsOf(writing: Writing, work: Work, actor: Actor, posting: Posting): number {
  const { members } = writing.reading.membership.state;
  if ((members.get(actor.id)?.kind ?? actor.kind) === 'human') return 0;
  const before = answered(work, actor.id, posting);
  const by = before?.imported ? undefined : before?.member;
  const own = numberIn(before?.data['hops']);
  const isAgents = by !== undefined && members.get(by)?.kind === 'agent';
  const counted = !isAgents ? 0 : by === actor.id ? own : own + 1;
  const hops = Math.max(counted, posting.hops ?? 0);
  const most = posting.channel.hops[0]?.value ?? defaultHops;
  if (hops > most)
    throw new CoterieError(
      'too_many_hops',
      `This would be answer ${hops} in a row of agents to each other, and ${nameOfChannel(writing.reading, posting.channel)} allows ${most}.`,
    );
  return hops;
}

const numberIn = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The header of what a post answers. */
function answered(
  { draft }: Work,
  author: Hash,
  { channel, root }: Posting,
): OperationRow['header'] | undefined {
  if (root !== undefined) {
    const latest = draft.get<ThreadRow>(keys.thread(root))?.latest;
    const newest = latest === undefined ? undefined : draft.get<Hash>(keys.reply(root, latest));
    return draft.get<OperationRow>(keys.operation(newest ?? root))?.header;
  }
  const latest = draft.get<ChannelRow>(keys.channel(channel.id))?.latest;
  const newest = latest === undefined ? undefined : draft.get<Hash>(keys.message(channel.id, latest));
  const header = newest === undefined ? undefined : draft.get<OperationRow>(keys.operation(newest))?.header;
  const calls = header ? [...listOf(header.data, 'mentions'), ...listOf(header.data, 'to')] : [];
  return channel.addressed || calls.includes(author) ? header : undefined;
}
