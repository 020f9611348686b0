import { z } from 'zod';
import { CoterieError, RecallQuery, SearchQuery } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { found } from '../text/others.ts';
import { tool } from '../tool.ts';

export const searchTool = tool({
  name: 'search',
  description:
    'Search everything ever said or remembered: words, "phrases", -not, from: in: kind: is: status: after: before:',
  reads: true,
  input: z.strictObject({
    query: SearchQuery.shape.q,
    kind: SearchQuery.shape.kind,
    channel: SearchQuery.shape.channel,
    tag: RecallQuery.shape.tag.describe('of memories'),
    limit: SearchQuery.shape.limit,
    cursor: SearchQuery.shape.cursor,
  }),
  async run({ query: q, kind, channel, tag, limit = 10, cursor }, { team, shorts, now }) {
    if (tag !== undefined && ((kind ?? 'memory') !== 'memory' || channel !== undefined))
      throw new CoterieError('invalid', 'tag: only memories have tags');
    const answer =
      tag === undefined
        ? await team.search({ q, limit, ...given({ kind, channel, cursor }) })
        : await team.recall({ q, tag, limit, ...given({ cursor }) });
    return { text: found(answer, { shorts, now }), answer };
  },
});
