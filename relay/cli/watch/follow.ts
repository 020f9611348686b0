import type { EventsQuery, TypedEvent } from '../../../schemas/index.ts';
import type { Call, Team } from '../call.ts';

/**
 * Events of the feed until this command ends, across restarts of the node: on stderr it says when that goes and is back.
 * `answered`: the node was there just now, so that it is waited for from the beginning.
 */
export async function* follow(
  team: Team,
  { out, signal, live }: Pick<Call, 'out' | 'signal' | 'live'>,
  asked: EventsQuery,
  answered = false,
): AsyncIterable<TypedEvent> {
  let gone = false;
  const lost = () => {
    if (!gone) out.note('coterie: the node went away; waiting for it to come back');
    gone = true;
  };
  // Where this command has the directory alone there is no node to lose.
  const telling = (await live()) ? { lost, answered } : {};
  for await (const event of team.events({ ...asked, signal, ...telling })) {
    if (gone) out.note('coterie: the node is back');
    gone = false;
    yield event;
  }
}

/** The feed that a cursor is of: a number of one says nothing of another. */
export const epoch = (cursor: string): string => cursor.slice(0, Math.max(0, cursor.lastIndexOf('.')));
