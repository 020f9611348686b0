import { z } from 'zod';
import { CoterieError, PresenceSet } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { presence } from '../text/others.ts';
import { tool } from '../tool.ts';

export const whoTool = tool({
  name: 'who',
  description: 'Who is there and what they do; with state also says what you do.',
  input: z.strictObject({
    state: PresenceSet.shape.state.optional(),
    task: PresenceSet.shape.task,
    note: PresenceSet.shape.note,
  }),
  async run({ state, task, note }, { team, shorts, now }) {
    if (state === undefined && (task !== undefined || note !== undefined))
      throw new CoterieError('invalid', 'state is missing');
    if (state !== undefined)
      await team.presence.set({ state, ...given({ note, task: task && shorts.whole(task) }) });
    const answer = await team.presence.list();
    return { text: presence(answer, { shorts, now }), answer };
  },
});
