import { z } from 'zod';
import { CoterieError, MessagesQuery } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { channels, page, thread as threadText } from '../text/messages.ts';
import { memory as memoryText } from '../text/others.ts';
import { tool } from '../tool.ts';

const usual = 20;

export const readTool = tool({
  name: 'read',
  description: 'Newest messages of a channel, a thread, or one memory; without any, lists the channels.',
  reads: true,
  input: z.strictObject({
    channel: z.string().min(1).max(1024).optional().describe('name or "@mia"'),
    thread: z.string().min(1).max(64).optional(),
    memory: z.string().min(1).max(256).optional().describe('key or id'),
    limit: MessagesQuery.shape.limit,
    cursor: MessagesQuery.shape.cursor,
  }),
  async run({ channel, thread, memory, limit = usual, cursor }, { team, shorts, now }) {
    const show = { shorts, now };
    const asked = given({ limit, cursor });
    if ([channel, thread, memory].filter((one) => one !== undefined).length > 1)
      throw new CoterieError('invalid', 'channel, thread and memory exclude each other');
    if (thread !== undefined) {
      const answer = await team.messages.thread(shorts.whole(thread), asked);
      return { text: threadText(answer, show), answer };
    }
    if (memory !== undefined) {
      const answer = await team.memory.get(shorts.whole(memory));
      return { text: memoryText(answer, show), answer };
    }
    if (channel !== undefined) {
      const answer = await team.messages.list(channel.replace(/^#/, ''), asked);
      return { text: page(answer, show), answer };
    }
    const answer = await team.channels.list(asked);
    return { text: channels(answer, show), answer };
  },
});
