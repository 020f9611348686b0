import { CoterieError } from '../../../../schemas/index.ts';
import type { AnyState } from '../../../fold/types.ts';
import type { SearchSignals } from '../../../search/types.ts';
import type { RankingSetting } from '../../options.ts';

const DAY = 86_400_000;

/** The signals of a setting. Throws `invalid` for one that cannot be meant. */
export function signalsOf({
  recency = 0.05,
  use = 0.05,
  halfLife = 30,
}: RankingSetting = {}): Omit<SearchSignals, 'now'> {
  for (const [name, part] of Object.entries({ recency, use }))
    if (!(part >= 0 && part <= 1)) throw new CoterieError('invalid', `ranking: ${name} is not from 0 to 1`);
  if (!(halfLife > 0)) throw new CoterieError('invalid', 'ranking: halfLife is not a number of days above 0');
  return { recency, use, halfLife: halfLife * DAY };
}

/** A pin counts as much as so many reactions. */
const PIN = 3;

/** How much use was made of a thing, as far as its own operations tell. */
export function useOf(state: AnyState): number {
  if (state.kind !== 'message') return 0;
  const reactions = Object.values(state.reactions).reduce((sum, by) => sum + Object.keys(by).length, 0);
  return reactions + (state.pinned[0]?.value ? PIN : 0);
}
