import type { ErrorCode } from '../../schemas/index.ts';
import { CoterieError } from '../../schemas/index.ts';
import type { Replica } from '../../src/replica/surface.ts';
import type { Counts } from './counts.ts';
import type { Station } from './station.ts';
import type { World } from './world.ts';

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
  readonly reservations: Set<string>;
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

/** Nine of these fill a segment. */
async function fill(turn: Turn, messages: number): Promise<void> {
  for (let at = 0; at < messages; at++)
    await post(turn, `${turn.counts.acknowledged} ${large}`, undefined, 'general');
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
    if (task) await turn.replica.tasks.move(task, { to: moves[turn.draw(4)] ?? 'doing', reason: 'why' });
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
  async ({ replica, draw, said }) => {
    const globs = [`src/${'ab*'.charAt(draw(3))}/**`, ...(draw(2) ? ['docs/*.md'] : [])];
    const { id } = await replica.reservations.reserve({ globs, ttl: 1000 * (1 + draw(60)) });
    said.reservations.add(id);
  },
  async (turn) => {
    const held = pick(turn, turn.said.reservations);
    if (held === undefined) return;
    const { by } = await turn.replica.reservations.get(held);
    if (by.handle !== turn.name) return;
    if (turn.draw(3) === 0) await turn.replica.reservations.release(held);
    else await turn.replica.reservations.renew(held, { ttl: 1000 * (1 + turn.draw(60)) });
  },
  (turn) => fill(turn, 1),
  (turn) => fill(turn, 1),
  // Apart, both sides come to the end of a segment.
  (turn) => fill(turn, turn.apart ? 7 : 1),
  (turn) => post(turn, `reply ${turn.counts.acknowledged}`, pick(turn, turn.said.messages.keys())),
  async ({ replica, draw }) => {
    const { receipt } = await replica.catchUp();
    await replica.acknowledge({ receipt });
    if (draw(3) === 0) await replica.compact();
  },
  (turn) => post(turn, `hello ${turn.counts.acknowledged}`),
  (turn) => post(turn, `hello again ${turn.counts.acknowledged}`),
];

/** One step of a member on one replica. Throws what no honest run may bring about. */
export async function act(
  { network: { draw } }: World,
  { replica, as }: Station,
  said: Said,
  counts: Counts,
  apart: boolean,
): Promise<void> {
  try {
    await actions[draw(actions.length)]?.({ replica, name: as, draw, said, counts, apart });
    counts.acknowledged++;
  } catch (error) {
    if (!(error instanceof CoterieError) || !expected.has(error.code)) throw error;
    counts.refusals++;
  }
}
