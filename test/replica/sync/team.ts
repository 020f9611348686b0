import type { Hash } from '../../../schemas/index.ts';
import { type Hand, hand, type Made } from './hand.ts';
import { meet, type Peer, peers } from './support.ts';

/** Two replicas of one user in directories of their own, which hold nothing yet. */
export async function couple(): Promise<readonly [Peer, Peer]> {
  const [ana, bo] = await peers(['ana', 'bo']);
  if (!ana || !bo) throw new Error('no peers');
  return [ana, bo];
}

/** Two that are in step, and where both wrote. */
export async function inStep(): Promise<{
  readonly ana: Peer;
  readonly bo: Peer;
  /** The log of `general`, and its first segment. */
  readonly channel: string;
  readonly document: string;
}> {
  const [ana, bo] = await couple();
  await ana.replica.messages.post('general', { text: 'a' });
  await bo.replica.messages.post('general', { text: 'b' });
  await meet(ana, bo);
  const channel = `channel.${(await ana.replica.channels.get('general')).id}`;
  return { ana, bo, channel, document: `log/${channel}/1` };
}

/**
 * A key of the same user, its admission, and the member `eve` that it speaks for: made, and given to nobody. `saw`: what
 * of the members log it had seen. Who saw no other member of the owner's machine makes an owner.
 */
export async function newcomer(
  { at, replica }: Peer,
  saw: readonly Hash[] = [],
): Promise<{ readonly eve: Hand; readonly admission: Made; readonly member: Made }> {
  const eve = hand(at.root);
  const admission = await eve.admission();
  const machine = (await replica.replicas.list()).items[0]?.machine;
  const member = await eve.make({
    log: 'members',
    type: 'member.create',
    after: [admission.hash, ...saw],
    data: { handle: 'eve', kind: 'agent', machine },
  });
  return { eve, admission, member };
}
