import { failure } from '../../../src/client/call.ts';
import { given } from '../../given.ts';
import { type Call, misuse, type Team, type Verb } from '../call.ts';
import { eventLine } from '../show/reading.ts';
import { epoch, follow } from './follow.ts';
import { wake } from './wake.ts';

/**
 * Prints events until Ctrl-C, or until nobody reads them. Without a node nothing happens while this command has the
 * directory: then it prints what happened since, and ends.
 */
export const watch: Verb = async (call) => {
  if (call.text('for') !== undefined || call.text('exec') !== undefined) return wake(call);
  if (call.text('keep') !== undefined) throw await misuse('--keep goes with --exec');
  const team = await call.team();
  const chosen = given({
    types: call.text('types'),
    channels: call.text('channel'),
    members: call.text('by'),
  });
  const since = call.text('since');
  const live = await call.live();
  const last = live ? undefined : await newest(team, chosen, since);
  if (!live && last === undefined) return undefined;
  for await (const event of follow(team, call, { ...chosen, ...given({ since }) })) {
    print(call, event);
    if (last !== undefined && place(event.cursor) >= place(last)) break;
  }
  return undefined;
};

type Event = Parameters<typeof eventLine>[0];

function print({ out }: Call, event: Event): void {
  if (out.json) out.data(event);
  else out.print(eventLine(event, { ...out.view, now: Date.now() }));
}

/** Cursor of the newest event that is beyond `since`; undefined when there is none. */
async function newest(team: Team, chosen: object, since: string | undefined): Promise<string | undefined> {
  if (since === undefined) {
    throw await failure('unreachable', 'no node runs here, so nothing would happen', {
      hint: 'Start one with: coterie up; or name a cursor with --since, for what happened before.',
    });
  }
  const { cursor: end } = await team.status();
  const [event] = (await team.activity({ ...chosen, limit: 1 })).items;
  if (event === undefined || since === end) return undefined;
  // A cursor of another epoch is for the stream to refuse.
  const foreign = since !== '0' && epoch(since) !== epoch(end);
  return foreign || since === '0' || place(event.cursor) > place(since) ? event.cursor : undefined;
}

/** The number of a cursor: those of one feed epoch count up. */
const place = (cursor: string): number => Number(cursor.slice(cursor.lastIndexOf('.') + 1));
