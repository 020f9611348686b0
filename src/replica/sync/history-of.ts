import type { Hash } from '../../../schemas/index.ts';
import { isMarks } from '../../log/marks.ts';
import type { HeadRow } from '../commit/rows.ts';
import type { JoinedRow } from '../writing/context.ts';

/** What is history to this replica: all that is here, unless it worked before it met anyone. */
export function historyOf(heads: readonly (readonly [key: string, head: HeadRow])[], self: Hash): JoinedRow {
  const chains = heads
    .map(([key, { seq, trunk }]): JoinedRow[number] => {
      const [, , log = '', replica = ''] = key.split('/');
      return [log, replica, Math.min(seq, trunk ?? seq)];
    })
    .filter(([log]) => log !== 'members' && !isMarks(log));
  return chains.some(([, replica]) => replica === self) ? [] : chains;
}
