import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberQuestion } from '../child/member.ts';
import type { Holding, NodeQuestion } from '../child/node.ts';
import type { Child } from './child.ts';

export const askMember = <Answer>(member: Child, question: MemberQuestion): Promise<Answer> =>
  member.ask<Answer>(question);

/** Waits until members and their node have the same. */
export async function allEqual(node: Child, members: readonly Child[]): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const digests = await Promise.all(members.map((member) => askMember<string>(member, { what: 'equal' })));
    const { digest } = await node.ask<Holding>({ what: 'holding' } satisfies NodeQuestion);
    if (digests.every((one) => one === digest)) return;
    await sleep(100);
  }
  throw new Error('the replicas do not become equal');
}
