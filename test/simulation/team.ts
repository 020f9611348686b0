import type { ErrorCode } from '../../schemas/index.ts';
import { CoterieError } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import type { Station, World } from './world.ts';

/** What happened in a run, to be printed: a state that never comes about is not tested. */
export interface Counts {
  acknowledged: number;
  refusals: number;
  restarts: number;
  crashes: number;
  partitions: number;
  redactions: number;
  redactedApart: number;
  rolled: number;
  closes: Record<string, number>;
}

export const noCounts = (): Counts => ({
  acknowledged: 0,
  refusals: 0,
  restarts: 0,
  crashes: 0,
  partitions: 0,
  redactions: 0,
  redactedApart: 0,
  rolled: 0,
  closes: {},
});

/** What a member may be told when others were quicker, or when its replica went down. */
const expected: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'held',
  'not_held',
  'illegal_move',
  'redacted',
  'not_found',
  'closed',
  'archived',
]);

const large = 'x'.repeat(65_000);

/** Everything that was acknowledged: ids of things, and texts that must be gone. */
export interface Said {
  readonly messages: Map<string, string>;
  readonly tasks: Set<string>;
  readonly memories: Set<string>;
  readonly removed: Set<string>;
}

interface Turn {
  readonly replica: Replica;
  readonly name: string;
  readonly draw: (below: number) => number;
  readonly said: Said;
  readonly counts: Counts;
  readonly apart: boolean;
}

const pick = <T>({ draw }: Turn, from: Iterable<T>): T | undefined => {
  const all = [...from];
  return all[draw(all.length || 1)];
};

async function post(turn: Turn, text: string, thread?: string, to?: string): Promise<void> {
  const { replica, draw, said } = turn;
  const where = to ?? (thread === undefined ? undefined : said.messages.get(thread));
  const channel = where ?? ['general', 'dev', 'problems'][draw(3)] ?? 'general';
  const { id } = await replica.messages.post(channel, { text, ...(thread ? { thread } : {}) });
  said.messages.set(id, channel);
}

/** A message of this member whose text is still there. */
async function own(turn: Turn): Promise<string | undefined> {
  const message = pick(turn, turn.said.messages.keys());
  if (!message || turn.said.removed.has(message)) return undefined;
  const { author, text } = await turn.replica.messages.get(message);
  return author.handle === turn.name && text !== null ? message : undefined;
}

const moves = ['doing', 'done', 'todo', 'blocked'] as const;

/** What a member does, by lot; posting is the commonest. */
const actions: readonly ((turn: Turn) => Promise<void>)[] = [
  async ({ replica, said, counts }) => {
    const { id } = await replica.tasks.create({ title: `task ${counts.acknowledged}` });
    said.tasks.add(id);
  },
  async (turn) => {
    const task = pick(turn, turn.said.tasks);
    if (task) await turn.replica.tasks.claim(task);
  },
  async (turn) => {
    const task = pick(turn, turn.said.tasks);
    if (task) await turn.replica.tasks.move(task, { to: moves[turn.draw(4)] ?? 'doing' });
  },
  async ({ replica, draw, said, counts }) => {
    const text = `memory ${counts.acknowledged}`;
    const { id } = await replica.memory.remember({ text, ...(draw(2) ? { key: `k${draw(4)}` } : {}) });
    said.memories.add(id);
  },
  async (turn) => {
    const message = pick(turn, turn.said.messages.keys());
    if (message) await turn.replica.messages.react(message, '👍');
  },
  async (turn) => {
    const message = await own(turn);
    if (message) await turn.replica.messages.edit(message, { text: `edited ${turn.counts.acknowledged}` });
  },
  async (turn) => {
    const message = turn.draw(3) === 0 ? await own(turn) : undefined;
    if (!message) return;
    await turn.replica.messages.redact(message);
    turn.said.removed.add(message);
    turn.counts.redactions++;
    if (turn.apart) turn.counts.redactedApart++;
  },
  // Nine of these fill a segment.
  (turn) => post(turn, `${turn.counts.acknowledged} ${large}`, undefined, 'general'),
  (turn) => post(turn, `${turn.counts.acknowledged} ${large}`, undefined, 'general'),
  (turn) => post(turn, `${turn.counts.acknowledged} ${large}`, undefined, 'general'),
  (turn) => post(turn, `reply ${turn.counts.acknowledged}`, pick(turn, turn.said.messages.keys())),
  async ({ replica }) => {
    const { receipt } = await replica.catchUp();
    await replica.acknowledge({ receipt });
  },
  (turn) => post(turn, `hello ${turn.counts.acknowledged}`),
  (turn) => post(turn, `hello again ${turn.counts.acknowledged}`),
];

/** One step of a member on one replica. Throws what no honest run may bring about. */
export async function act(
  { network: { draw } }: World,
  { replica, name }: Station,
  said: Said,
  counts: Counts,
  apart: boolean,
): Promise<void> {
  try {
    await actions[draw(actions.length)]?.({ replica, name, draw, said, counts, apart });
    counts.acknowledged++;
  } catch (error) {
    if (!(error instanceof CoterieError) || !expected.has(error.code)) throw error;
    counts.refusals++;
  }
}
