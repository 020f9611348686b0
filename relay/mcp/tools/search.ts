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
    budget: RecallQuery.shape.budget.describe('tokens, of memories'),
    mode: SearchQuery.shape.mode.describe('memories: hybrid, else text'),
    explain: z.boolean().optional(),
    limit: SearchQuery.shape.limit,
    cursor: SearchQuery.shape.cursor,
  }),
  async run({ query: q, kind, channel, tag, budget, limit, ...more }, { team, shorts, now }) {
    if (tag !== undefined && (kind ?? 'memory') !== 'memory')
      throw new CoterieError('invalid', 'tag: only memories have tags');
    if (budget !== undefined && (kind ?? 'memory') !== 'memory')
      throw new CoterieError('invalid', 'budget: only memories have one');
    const isOfMemory = kind === 'memory' || tag !== undefined || budget !== undefined;
    if (isOfMemory && channel !== undefined)
      throw new CoterieError('invalid', 'channel: memories are in no channel');
    const page = limit ?? (budget === undefined ? 10 : undefined);
    const asked = { q, ...given({ ...more, limit: page }) };
    const answer = isOfMemory
      ? await team.recall({ ...asked, ...given({ tag, budget }) })
      : await team.search({ ...asked, ...given({ kind, channel }) });
    return { text: found(answer, { shorts, now }), answer };
  },
});
