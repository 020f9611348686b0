import { z } from 'zod';
import { Remember } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { remembered } from '../text/others.ts';
import { tool } from '../tool.ts';

export const rememberTool = tool({
  name: 'remember',
  description: 'Write what the team should know later; a key that exists gets its next version.',
  input: z.strictObject({
    text: Remember.shape.text,
    key: Remember.shape.key,
    title: Remember.shape.title,
    tags: Remember.shape.tags,
    kind: Remember.shape.kind.describe('fact, decision, lesson, preference, procedure, reference'),
    supersedes: Remember.shape.supersedes.describe('ids'),
  }),
  async run({ supersedes, ...input }, { team, shorts, now, key }) {
    const ids = supersedes?.map((one) => shorts.whole(one));
    const answer = await team.memory.remember(given({ ...input, supersedes: ids }), { key });
    return { text: remembered(answer, { shorts, now }), answer };
  },
});
