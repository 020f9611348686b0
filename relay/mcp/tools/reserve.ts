import { z } from 'zod';
import { CoterieError, ReservationsQuery, Reserve } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { reservation } from '../text/others.ts';
import { lines, next } from '../text/words.ts';
import { tool } from '../tool.ts';

export const reserveTool = tool({
  name: 'reserve',
  description: 'Tell others which paths you change. Without globs or release: who holds what.',
  input: z.strictObject({
    globs: Reserve.shape.globs.optional(),
    reason: Reserve.shape.reason,
    task: Reserve.shape.task,
    ttl: Reserve.shape.ttl.describe('ms'),
    release: z.string().min(1).max(64).optional().describe('id'),
    path: ReservationsQuery.shape.path,
  }),
  async run({ globs, reason, task, ttl, release, path }, { team, shorts, now, key }) {
    const show = { shorts, now };
    if ([globs, release, path].filter((one) => one !== undefined).length > 1)
      throw new CoterieError('invalid', 'globs, release and path exclude each other');
    if (globs !== undefined) {
      const input = given({ globs, reason, ttl, task: task && shorts.whole(task) });
      const answer = await team.reservations.reserve(input, { key });
      return { text: reservation(answer, show), answer };
    }
    if (release !== undefined) {
      const answer = await team.reservations.release(shorts.whole(release), { key });
      return { text: reservation(answer, show), answer };
    }
    const answer = await team.reservations.list(given({ path }));
    const shown = answer.items.map((one) => reservation(one, show));
    return { text: lines(...shown, next(answer.next)) || 'nothing is reserved', answer };
  },
});
