// Catches up, and looks into the inbox, many times from a mark that is far back.
import { openReplica } from '../../src/index.ts';
import { answerOnce, given } from '../support/child.ts';

export interface CaughtUp {
  readonly first: number;
  readonly times: readonly number[];
  readonly pending: number;
  readonly inbox: readonly number[];
  /** Open items at the end. */
  readonly open: number;
}

const { data, config, as, count } = given<{ data: string; config: string; as: string; count: number }>();

await answerOnce(async (): Promise<CaughtUp> => {
  const replica = await openReplica({ directory: data, config, as });
  const times: number[] = [];
  const inbox: number[] = [];
  let pending = 0;
  let open = 0;
  for (let i = 0; i <= count; i++) {
    const began = performance.now();
    ({ pending } = await replica.catchUp());
    times.push(performance.now() - began);
    const looked = performance.now();
    ({ open } = await replica.inbox());
    inbox.push(performance.now() - looked);
    // Something comes between two, as it does.
    if (i % 10 === 9) await replica.as('mira').messages.post('dev', { text: `News ${i}, @${as}.` });
  }
  await replica.close();
  return { first: times[0] ?? 0, times: times.slice(1), pending, inbox: inbox.slice(1), open };
});
