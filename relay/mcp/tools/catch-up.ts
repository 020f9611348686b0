import { z } from 'zod';
import { type CatchUp, CatchUpQuery, CoterieError } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { catchUp, catchUpData } from '../text/waiting.ts';
import { type Call, type Team, tool } from '../tool.ts';

type Shown = Extract<CatchUp['items'][number], { kind: 'operation' }>;

/** Names of the channels in an answer; each is asked for once. */
async function placesIn(shown: readonly Shown[], { team }: Call): Promise<Map<string, string | undefined>> {
  const channels = new Set(shown.flatMap(({ event: { channel } }) => channel ?? []));
  const found = await Promise.all(
    [...channels].map(async (id) => {
      const channel = await known(team.channels.get(id));
      return [id, channel?.direct ? 'a direct conversation' : channel && `#${channel.name}`] as const;
    }),
  );
  return new Map(found);
}

/** The task that an event of tasks is about: of a comment, the one that it is on. */
function taskOf({ subject, data }: Shown['event']): string {
  const on = data['task'];
  return typeof on === 'string' ? on : subject;
}

/** A thing that is not here, or not yet, is told by its id. */
const known = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof CoterieError && error.code === 'not_found') return undefined;
    throw error;
  });

/** Learns the short ids of the tasks in an answer: people call them by those. */
async function nameTasks(shown: readonly Shown[], { team, shorts }: Call): Promise<void> {
  const tasks = new Set(shown.flatMap(({ event }) => (event.log === 'tasks' ? [taskOf(event)] : [])));
  await Promise.all(
    [...tasks].map(async (id) => {
      if (shorts.named(id) !== undefined) return;
      const task = await known(team.tasks.get(id));
      if (task) shorts.name(id, task.short);
    }),
  );
}

/** A receipt has dots, the id of an inbox item has none. */
function acknowledged(team: Team, what: string): Promise<unknown> {
  const words = what.split(/[\s,]+/).filter((word) => word !== '');
  return team.acknowledge(what.includes('.') ? { receipt: what.trim() } : { items: words });
}

export const catchUpTool = tool({
  name: 'catch_up',
  description:
    'What happened since you last acknowledged; what needs you comes first. Reading acknowledges nothing: afterwards pass the receipt (or item ids) back.',
  input: z.strictObject({
    acknowledge: z.string().min(1).max(4096).optional(),
    budget: CatchUpQuery.shape.budget.describe('tokens'),
  }),
  async run({ acknowledge, budget }, call) {
    const { team } = call;
    if (acknowledge !== undefined) await acknowledged(team, acknowledge);
    const answer = await team.catchUp(given({ budget }));
    const shown = answer.items.filter((one) => one.kind === 'operation');
    const [places] = await Promise.all([placesIn(shown, call), nameTasks(shown, call)]);
    const names = (id: string | undefined) => (id === undefined ? undefined : places.get(id));
    return {
      text: catchUp(answer, names, call),
      answer: catchUpData(answer, names, call),
      // It shows what waits; saying so again would help nobody.
      open: 0,
    };
  },
});
