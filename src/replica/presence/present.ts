import type { Hash } from '../../../schemas/index.ts';
import type { PresenceContext } from './verbs.ts';

/** Who wrote within this was there lately, ms. */
export const lately = 15 * 60_000;

/**
 * Members that are there, as far as this replica knows: that say so and are not away, follow a stream of events, or
 * wrote something within the last 15 minutes; who says that it is away or offline is not there whatever it wrote.
 */
export async function present({
  reading,
  feed,
  store,
  lastSeen,
  now,
}: Omit<PresenceContext, 'tell'>): Promise<ReadonlySet<Hash>> {
  const there = new Set<Hash>();
  const gone = new Set<Hash>();
  for (const { member, state, quiet } of store.timely()) {
    if (state !== 'away' && state !== 'offline') there.add(member);
    else if (!quiet) gone.add(member);
  }
  for (const [member, at] of await lastSeen.look(reading, feed))
    if (at >= now() - lately && !gone.has(member)) there.add(member);
  const { members } = reading.membership.state;
  return new Set([...there].filter((id) => members.get(id)?.imported === false));
}
