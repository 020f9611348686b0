import { runChild } from './support/child.ts';
import { type Asked, pairs, type Result, ratio, result } from './support/report.ts';
import { copyOf, emptyPlace, madeWorkspace, type Place } from './support/workspace.ts';

const defaultSize = 100_000;
const appended = 10_000;

/** Whether appending stays as fast as it is when there is nothing yet. */
export async function append(asked: Asked): Promise<Result[]> {
  const messages = asked.size ?? defaultSize;
  const made = await madeWorkspace(asked, messages);
  const rateIn = async (place: Place): Promise<number> => {
    try {
      const { data, config } = place;
      const count = Math.min(appended, messages);
      return (await runChild<{ rate: number }>('append', { data, config, count })).rate;
    } finally {
      place.remove();
    }
  };
  const rates = await pairs(
    asked.pairs,
    () => rateIn(copyOf(made)),
    () => rateIn(emptyPlace()),
  );
  return [
    result(`appends, ${made.messages} messages there`, '/s', rates.ours),
    result('appends, nothing there', '/s', rates.theirs),
    ratio('full to empty', rates.ours, rates.theirs, { least: 0.8 }),
  ];
}
