import type { SearchQuery } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { asking, type Call, misuse, paged, searched, type Verb } from '../call.ts';
import { history as historyText } from '../show/history.ts';
import {
  activity as activityText,
  catchUp as catchUpText,
  search as found,
  searchPart as foundPart,
  inbox as inboxText,
} from '../show/reading.ts';
import { counted } from '../show/terminal.ts';
import { typedTime } from '../show/time.ts';

const searchOnce = asking({
  ask: (team, call) =>
    team.search({
      q: call.arg(0),
      ...given({
        kind: call.text('kind') as SearchQuery['kind'],
        channel: call.text('channel'),
        ...searched(call),
      }),
    }),
  show: found,
});

/** Prints parts as they come; the next is asked for when the one before was taken. */
const searchStream: Verb = async (call) => {
  const whole = ['sort', 'mode', 'cursor'].filter((flag) => call.text(flag) !== undefined);
  const [other] = [
    ...whole,
    ...(call.number('limit') === undefined ? [] : ['limit']),
    ...(call.has('explain') ? ['explain'] : []),
  ];
  if (other !== undefined)
    throw await misuse(
      `--${other} does not go with --stream`,
      'A stream goes by words, newest first, to the end; head ends it early.',
    );
  const team = await call.team();
  const query = {
    q: call.arg(0),
    ...given({ kind: call.text('kind') as SearchQuery['kind'], channel: call.text('channel') }),
  };
  let isFound = false;
  for await (const part of team.searchStream(query, { signal: call.signal })) {
    isFound ||= part.results.length > 0;
    if (call.out.json) call.out.data(part);
    else call.out.print(foundPart(part, isFound, call.out.view));
    await call.out.flushed();
  }
  return undefined;
};

export const search: Verb = (call) => (call.has('stream') ? searchStream(call) : searchOnce(call));

/** With `--ack` what was shown is acknowledged once it is written out, never before. */
export const catchUp: Verb = async (call) => {
  const team = await call.team();
  const answer = await team.catchUp(given({ budget: call.number('budget'), limit: call.number('limit') }));
  if (call.out.json) call.out.data(answer);
  else call.out.print(catchUpText(answer, call.out.view));
  if (!call.has('ack') || answer.items.length === 0) return undefined;
  await call.out.flushed();
  if (call.signal.aborted) return undefined;
  const { pending } = await (await call.writer()).acknowledge({ receipt: answer.receipt });
  call.out.note(`coterie: acknowledged; ${counted(pending, 'operation')} pending`);
  return undefined;
};

export const inbox = asking({
  ask: (team, call) => team.inbox(given({ budget: call.number('budget'), ...paged(call) })),
  show: inboxText,
});

export const ack = asking({
  write: true,
  ask: async (team, call) => {
    const what = call.arg(0);
    const operations = call.many('operation');
    if (what === '' && operations === undefined)
      throw await misuse(
        'ack needs a receipt, an item or --operation',
        'coterie catch-up and coterie inbox print a receipt.',
      );
    // A receipt has dots, the id of an item has none.
    const [receipt, item] = what.includes('.') ? [what, undefined] : [undefined, what || undefined];
    return team.acknowledge(given({ receipt, operations, items: item === undefined ? undefined : [item] }));
  },
  show: ({ acknowledged, counted: unread, items, pending, open }) => {
    const how = unread > 0 ? ` (${unread.toLocaleString('en')} counted, not read)` : '';
    const of = items > 0 ? ` and ${counted(items, 'inbox item')}` : '';
    const left = `${pending.toLocaleString('en')} pending, ${open.toLocaleString('en')} in the inbox`;
    return `${counted(acknowledged, 'operation')}${how}${of} acknowledged, ${left}`;
  },
});

export const activity = asking({
  ask: (team, call) =>
    team.activity(
      given({
        ...paged(call),
        types: call.text('types'),
        channels: call.text('channel'),
        members: call.text('by'),
        ...(call.has('each') ? { each: true } : {}),
      }),
    ),
  show: activityText,
});

/** A time, or a cursor, which stays as it is. */
function typedAt(call: Call): string | undefined {
  const typed = call.text('at');
  return typed === undefined ? undefined : typedTime(typed, call.out.view.now);
}

export const history = asking({
  ask: (team, call) => team.history(call.arg(0), given({ at: typedAt(call), ...paged(call) })),
  show: historyText,
});
