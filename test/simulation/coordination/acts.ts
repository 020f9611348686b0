import { CoterieError, type ErrorCode } from '../../../schemas/index.ts';
import { comers, pick, type Turn } from './model.ts';
import { readings } from './reading.ts';

/** What a member may be told when others were quicker, or when its replica went down or was restored. */
const expected: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['held', 'not_held', 'illegal_move', 'not_found', 'closed', 'not_certain', 'cycle'] as const),
  ...(['forbidden', 'restored', 'receipt_unknown', 'ambiguous'] as const),
]);

/** Counts what an honest run may bring about, and throws what it may not. */
export function tallied(turn: Pick<Turn, 'tally'>, error: unknown): void {
  if (!(error instanceof CoterieError) || !expected.has(error.code)) throw error;
  turn.tally.refused[error.code] = (turn.tally.refused[error.code] ?? 0) + 1;
}

const moves = ['doing', 'done', 'todo', 'blocked', 'review'] as const;
const kinds = ['blocks', 'blocks', 'parent', 'supersedes'] as const;

const someone = ({ draw, model }: Turn): string => pick(draw, model.ids.keys()) ?? 'ana';
/** Also who is not there yet. */
const anyone = ({ draw, model }: Turn): string =>
  pick(draw, new Set([...model.ids.keys(), ...comers])) ?? 'ana';
const aTask = ({ draw, model }: Turn): string => pick(draw, model.tasks) ?? 'none';
/** One of two, for which all compete. */
const contested = ({ draw, model }: Turn): string => pick(draw, [...model.tasks].slice(0, 2)) ?? 'none';
/** A lease that may be over before the run is. */
const ttl = ({ draw }: Turn): number => 1000 * (1 + draw(20));

async function post(turn: Turn, thread?: string): Promise<void> {
  const { verbs, draw, model, tally } = turn;
  const called = draw(4) > 0 ? [someone(turn), someone(turn), anyone(turn)] : [];
  const text = `${called.map((one) => `@${one}`).join(' ')} say ${tally.acknowledged}`;
  const channel = thread ? (await verbs.messages.get(thread)).channel : (['general', 'dev'][draw(2)] ?? '');
  const { id } = await verbs.messages.post(channel, { text, ...(thread ? { thread } : {}) });
  model.messages.add(id);
}

/** To one or two others; a repeat of a name is none more. */
async function address(turn: Turn): Promise<void> {
  const { verbs, handle, draw, model, tally } = turn;
  const others = [...model.ids.keys()].filter((one) => one !== handle);
  const named = [pick(draw, others), ...(draw(3) === 0 ? [pick(draw, others)] : [])];
  const text = `${draw(2) === 0 ? `@${someone(turn)} ` : ''}between us ${tally.acknowledged}`;
  const { id } = await verbs.messages.post(named.map((one) => `@${one}`).join(), { text });
  model.messages.add(id);
}

async function create(turn: Turn): Promise<void> {
  // Of few tasks each has more happen to it.
  if (turn.model.tasks.size > 4) return;
  const { verbs, draw, model, tally } = turn;
  const given = draw(3) === 0 ? { assignee: someone(turn) } : {};
  const looked = draw(3) === 0 ? { reviewer: someone(turn) } : {};
  const { id } = await verbs.tasks.create({ title: `task ${tally.acknowledged}`, ...given, ...looked });
  model.tasks.add(id);
}

const claim = (turn: Turn, need: 'granted' | 'tentative', force = false): Promise<unknown> =>
  turn.verbs.tasks.claim(contested(turn), {
    need,
    ...(turn.draw(3) > 0 ? { ttl: ttl(turn) } : {}),
    ...(need === 'granted' ? { timeout: 500 + turn.draw(8000) } : {}),
    ...(turn.draw(3) === 0 ? { incarnation: `run ${turn.draw(3)}` } : {}),
    ...(force ? { force, reason: 'it is urgent' } : {}),
  });

/** The office goes on, by the arbiter itself where this is it. */
async function handOver({ station, draw, model, verbs, tally }: Turn, to: string): Promise<void> {
  const { self } = await verbs.arbiter.get();
  if (model.copied.has(to)) return;
  const force = !self && draw(3) === 0;
  if (!self && !force) return;
  await station.replica.as('ana').arbiter.move({ to, ...(force ? { force } : {}) });
  if (force) tally.moves++;
}

const works: readonly ((turn: Turn) => Promise<unknown>)[] = [
  (turn) => post(turn),
  (turn) => post(turn),
  async (turn) => {
    for (let n = 0; n < 3; n++) await post(turn);
  },
  (turn) => post(turn, pick(turn.draw, turn.model.messages)),
  address,
  address,
  async (turn) => {
    const mine = pick(turn.draw, turn.model.messages);
    const known = mine === undefined ? undefined : await turn.verbs.messages.get(mine);
    if (known?.author.handle === turn.handle)
      await turn.verbs.messages.edit(known.id, { text: `edited ${turn.tally.acknowledged}` });
  },
  create,
  async (turn) => turn.verbs.tasks.comment(aTask(turn), { text: `@${anyone(turn)} look` }),
  async (turn) => turn.verbs.tasks.update(aTask(turn), { title: `title ${turn.tally.acknowledged}` }),
  async (turn) => turn.verbs.tasks.update(aTask(turn), { assignee: someone(turn) }),
  async (turn) => claim(turn, 'tentative'),
  async (turn) => claim(turn, 'tentative'),
  async (turn) => claim(turn, 'tentative'),
  async (turn) => claim(turn, 'tentative'),
  async (turn) => turn.background(claim(turn, 'granted')),
  async (turn) => turn.background(claim(turn, 'granted')),
  async (turn) => turn.background(claim(turn, 'granted')),
  async (turn) => turn.handle === 'ana' && turn.background(claim(turn, 'granted', true)),
  async (turn) => turn.background(turn.verbs.tasks.renew(aTask(turn), { ttl: ttl(turn) })),
  async (turn) => turn.verbs.tasks.release(aTask(turn)),
  async (turn) =>
    turn.verbs.tasks.move(aTask(turn), { to: pick(turn.draw, moves) ?? 'doing', reason: 'why' }),
  async (turn) => turn.verbs.tasks.move(aTask(turn), { to: 'blocked', reason: 'it waits' }),
  async (turn) => turn.verbs.tasks.decide(aTask(turn), { accept: turn.draw(2) === 0, reason: 'why' }),
  async (turn) =>
    turn.verbs.tasks.link(aTask(turn), { kind: pick(turn.draw, kinds) ?? 'blocks', to: aTask(turn) }),
  async (turn) => turn.verbs.tasks.link(aTask(turn), { kind: 'blocks', to: aTask(turn) }),
  async (turn) => turn.verbs.tasks.unlink(aTask(turn), { kind: 'blocks', to: aTask(turn) }),
  async (turn) => {
    const { id } = await turn.verbs.reservations.reserve({
      globs: [`src/${'ab*'.charAt(turn.draw(3))}/**`],
      ttl: ttl(turn),
    });
    turn.model.reservations.add(id);
  },
  async (turn) => {
    const one = pick(turn.draw, turn.model.reservations);
    if (one === undefined) return;
    if (turn.draw(2) === 0) await turn.verbs.reservations.release(one);
    else await turn.verbs.reservations.renew(one, { ttl: ttl(turn) });
  },
  async ({ verbs, draw, tally }) =>
    verbs.memory.remember({ text: `memory ${tally.acknowledged}`, key: `k${draw(2)}` }),
];

/** One step of a member on one replica. Throws what no honest run may bring about. */
export async function act(turn: Turn, replicas: readonly string[]): Promise<void> {
  const { draw } = turn;
  try {
    if (draw(20) === 0) await handOver(turn, pick(draw, replicas) ?? '');
    else if (draw(5) < 2) await readings[draw(readings.length)]?.(turn);
    else await works[draw(works.length)]?.(turn);
    turn.tally.acknowledged++;
  } catch (error) {
    tallied(turn, error);
  }
}
