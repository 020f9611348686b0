import { z } from 'zod';
import { CoterieError, type Task, TaskClaim, TaskRenew } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { taskLine } from '../text/tasks.ts';
import { type Call, tool } from '../tool.ts';

const claims = z.strictObject({
  id: z.string().min(1).max(64),
  action: z.enum(['claim', 'renew', 'release']).optional(),
  need: TaskClaim.shape.need.describe('granted: wait for the arbiter; nobody else has it then'),
  timeout: TaskRenew.shape.timeout.describe('ms to wait'),
  ttl: TaskRenew.shape.ttl.describe('ms to hold'),
  reason: TaskClaim.shape.reason,
});

/**
 * The claim that this call came by, if it is cancelled as its answer is on its way: the client never learns that it holds
 * the task, so it is given back. What it held before stays.
 */
async function giveBack(before: Task, { team }: Call): Promise<void> {
  const { claim, id } = await team.tasks.get(before.id);
  const mine = claim !== null && claim.operation !== before.claim?.operation;
  if (mine) await team.tasks.release(id, { reason: 'cancelled' }).catch(() => undefined);
}

async function claim({ need, timeout, ttl, reason, id }: z.output<typeof claims>, call: Call): Promise<Task> {
  const { team, key, signal } = call;
  const before = await team.tasks.get(id);
  try {
    const asked = given({ need, timeout, ttl, reason });
    const task = await team.tasks.claim(before.id, asked, { key, signal });
    signal.throwIfAborted();
    return task;
  } catch (error) {
    if (signal.aborted) await giveBack(before, call);
    throw error;
  }
}

export const claimTool = tool({
  name: 'claim',
  description: 'Claim a task before you work on it, renew or release.',
  input: claims,
  async run(input, call) {
    const { team, shorts, now, key } = call;
    const { action = 'claim', timeout, ttl, reason, need } = input;
    const id = shorts.whole(input.id);
    const unused = given(
      action === 'renew' ? { need, reason } : action === 'release' ? { need, timeout, ttl } : {},
    );
    const [first] = Object.keys(unused);
    if (first !== undefined) throw new CoterieError('invalid', `${first} means nothing to ${action}`);
    const answer =
      action === 'renew'
        ? await team.tasks.renew(id, given({ timeout, ttl }), { key })
        : action === 'release'
          ? await team.tasks.release(id, given({ reason }), { key })
          : await claim({ ...input, id }, call);
    return { text: taskLine(answer, { shorts, now }), answer };
  },
});
