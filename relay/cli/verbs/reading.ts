import type { SearchQuery } from '../../../schemas/index.ts';
import { asking, given, misuse, paged, type Verb } from '../call.ts';
import { history as historyText } from '../show/history.ts';
import { activity as activityText, catchUp as catchUpText, search as found } from '../show/reading.ts';
import { counted } from '../show/terminal.ts';

export const search = asking({
  ask: (team, call) =>
    team.search({
      q: call.arg(0),
      ...given({
        kind: call.text('kind') as SearchQuery['kind'],
        channel: call.text('channel'),
        ...paged(call),
      }),
    }),
  show: found,
});

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

export const ack = asking({
  write: true,
  ask: async (team, call) => {
    const receipt = call.arg(0) === '' ? undefined : call.arg(0);
    const operations = call.many('operation');
    if (receipt === undefined && operations === undefined) {
      throw await misuse('ack needs a receipt or --operation', 'coterie catch-up prints a receipt.');
    }
    return team.acknowledge(given({ receipt, operations }));
  },
  show: ({ acknowledged, pending }) =>
    `${counted(acknowledged, 'operation')} acknowledged, ${pending.toLocaleString('en')} pending`,
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

export const history = asking({
  ask: (team, call) => team.history(call.arg(0), given({ at: call.text('at'), ...paged(call) })),
  show: historyText,
});
