import { z } from 'zod';
import { CoterieError, MessagePost } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { reached } from '../text/messages.ts';
import { words } from '../text/words.ts';
import { tool } from '../tool.ts';

export const postTool = tool({
  name: 'post',
  description: 'Post Markdown; @handle mentions.',
  input: z.strictObject({
    to: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('channel, or "@mia" or "@mia,@ben" directly; default the thread\'s'),
    text: MessagePost.shape.text,
    thread: MessagePost.shape.thread.describe('message to answer'),
  }),
  async run({ to, text, thread }, { team, shorts, key }) {
    const root = thread === undefined ? undefined : shorts.whole(thread);
    if (to === undefined && root === undefined)
      throw new CoterieError('invalid', 'to is missing', {
        hint: 'Name a channel, or a thread to answer in.',
      });
    const channel = to?.replace(/^#/, '') ?? (await team.messages.get(root ?? '')).channel;
    const answer = await team.messages.post(channel, { text, ...given({ thread: root }) }, { key });
    return { text: words(`posted [${shorts.of(answer.id)}]`, reached(answer)), answer };
  },
});
