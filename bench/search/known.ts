import type { Known } from '../child/known.ts';
import { slackExport } from '../import.ts';
import { runChild } from '../support/child.ts';
import { type Asked, type Result, result, say } from '../support/report.ts';
import { emptyPlace } from '../support/workspace.ts';

const looked = 500;

/** Messages of a Slack export, drawn by seed and looked for by their own three or four rarest words: who comes first. */
export async function searchKnown(asked: Asked): Promise<Result[]> {
  if (asked.slack === undefined) say('no --slack: the export is an invented one');
  const place = emptyPlace();
  try {
    const path = slackExport(asked, place);
    const { data, config } = place;
    const known = await runChild<Known>('known', { data, config, path, count: looked });
    const { messages, drawn, misses, peerAny, peerAll } = known;
    for (const { query, sought, rank, first } of misses)
      console.log(
        `not first: ${query}\n  sought, ${rank === undefined ? 'not on the page' : `rank ${rank}`}: ${sought}\n` +
          `  first: ${first ?? 'nothing'}`,
      );
    const among = (best: number): number =>
      misses.filter(({ rank }) => rank === undefined || rank > best).length;
    return [
      result('first', '', [1 - misses.length / drawn], { least: 0.95 }),
      result('  among the first ten', '', [1 - among(10) / drawn]),
      result('  messages looked for', '', [drawn]),
      result('  out of', '', [messages]),
      result('minisearch as it comes: first', '', [peerAny / drawn]),
      result('minisearch, all words: first', '', [peerAll / drawn]),
    ];
  } finally {
    place.remove();
  }
}
