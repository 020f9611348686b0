// Appends to a workspace, empty or full, with 64 writers.
import { openReplica } from '../../src/index.ts';
import { answerOnce, given } from '../support/child.ts';
import { introduced, postAll, posts } from '../support/writers.ts';

const { data, config, count } = given<{ data: string; config: string; count: number }>();

await answerOnce(async () => {
  const replica = await openReplica({ directory: data, config, as: 'kai' });
  const surfaces = await introduced(replica);
  // Code warms up, documents load.
  await postAll(surfaces, 64, posts(1000, 7));
  const { rate } = await postAll(surfaces, 64, posts(count, 5));
  await replica.close();
  return { rate };
});
