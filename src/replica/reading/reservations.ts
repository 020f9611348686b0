import {
  CoterieError,
  type Hash,
  type List,
  type Reservation,
  type ReservationConflict,
  type ReservationsQuery,
} from '../../../schemas/index.ts';
import type { ReservationState } from '../../fold/types.ts';
import { type Glob, glob, isGlob, isPath, matches, overlap, type Steps } from '../../globs/index.ts';
import { keys, under } from '../commit/rows.ts';
import { stateOf } from '../ledger/state.ts';
import { isOpen } from '../views/reservations.ts';
import {
  baseOf,
  deadline,
  type PageQuery,
  pageOf,
  type Reading,
  removedOf,
  stampIso,
  textOf,
  thing,
  time,
} from './context.ts';
import { aliasesOf, pageOf as pageOfRows } from './messages.ts';
import { findMember, shortOf } from './names.ts';

/** Steps that comparing globs may take in one answer: the event loop is not held up for longer than by a large page. */
const mostSteps = 1_000_000;
/** Conflicts that are listed with one reservation. */
const mostConflicts = 20;
/** Reservations that are looked at together. */
const mostHeld = 5000;

interface Held {
  readonly state: ReservationState;
  readonly globs: readonly Glob[];
}

/** What is held at one moment, as one answer sees it. */
interface Scene {
  readonly now: number;
  readonly held: ReadonlyMap<Hash, Held>;
  readonly steps: Steps;
}

const isHeld = (state: ReservationState, now: number): boolean => isOpen(state) && state.until > now;

async function sceneOf(reading: Reading): Promise<Scene> {
  const now = reading.now();
  const range = { gte: keys.lease(now + 1, ''), lt: under('v/lease/').lt, limit: mostHeld };
  const compiled = new Map<string, Glob | undefined>();
  const compile = (text: string): Glob | undefined => {
    if (!compiled.has(text)) {
      const made = glob(text);
      compiled.set(text, isGlob(made) ? made : undefined);
    }
    return compiled.get(text);
  };
  const held = (await reading.database.list<Hash>(range)).flatMap(([key]): [Hash, Held][] => {
    const state = stateOf(reading, reading.database, key.slice(key.lastIndexOf('/') + 1));
    if (state?.kind !== 'reservation' || !isHeld(state, now)) return [];
    return [[state.id, { state, globs: state.globs.flatMap((text) => compile(text) ?? []) }]];
  });
  return { now, held: new Map(held), steps: { left: mostSteps } };
}

type Overlaps = ReservationConflict['overlaps'];

/** For each glob of `mine` the first of `theirs` that it overlaps; undefined when that took too long. */
function overlapsOf(mine: Held, theirs: Held, steps: Steps): Overlaps | undefined {
  const found: Overlaps = [];
  for (const one of mine.globs)
    for (const other of theirs.globs) {
      steps.left--;
      const common = overlap(one, other, steps);
      if (common === 'unknown') return undefined;
      if (common === 'apart') continue;
      found.push({ glob: one.text, with: other.text, path: common.path });
      break;
    }
  return found;
}

function conflictsOf(
  reading: Reading,
  scene: Scene,
  mine: Held,
): Pick<Reservation, 'conflicts' | 'uncompared'> {
  const conflicts: ReservationConflict[] = [];
  let uncompared = 0;
  for (const theirs of scene.held.values()) {
    const { state } = theirs;
    if (state.created.by === mine.state.created.by) continue;
    const enough = conflicts.length === mostConflicts || scene.steps.left <= 0;
    const overlaps = enough ? undefined : overlapsOf(mine, theirs, scene.steps);
    if (overlaps === undefined) uncompared++;
    else if (overlaps.length > 0)
      conflicts.push({
        id: state.id,
        by: reading.membership.person(state.created.by),
        until: deadline(state.until),
        reason: reasonOf(reading, state),
        overlaps,
      });
  }
  return uncompared > 0 ? { conflicts, uncompared } : { conflicts };
}

const reasonOf = (reading: Reading, state: ReservationState): string | null =>
  state.redacted ? null : textOf(reading, state.id, 'reason');

async function taskOf(reading: Reading, id: Hash): Promise<NonNullable<Reservation['task']>> {
  const task = stateOf(reading, reading.database, id);
  return task?.kind === 'task' ? { id, short: await shortOf(reading, task) } : { id };
}

/** Who ended it; an expiry is by nobody. */
function endOf(reading: Reading, { releases, expired }: ReservationState): Pick<Reservation, 'ended'> {
  const [released] = releases;
  const ended = released ?? expired;
  if (!ended) return {};
  const by = released ? reading.membership.person(released.by) : null;
  return { ended: { operation: ended.op, by, at: stampIso(ended.stamp) } };
}

async function shapeOf(reading: Reading, scene: Scene, state: ReservationState): Promise<Reservation> {
  const held = scene.held.get(state.id);
  const invalid = state.globs.filter((text) => !isGlob(glob(text)));
  return {
    id: state.id,
    by: reading.membership.person(state.created.by),
    globs: [...state.globs],
    ...(invalid.length > 0 ? { invalid } : {}),
    reason: reasonOf(reading, state),
    ...(state.task === undefined ? {} : { task: await taskOf(reading, state.task) }),
    incarnation: state.incarnation,
    created: time(state.created.at),
    until: deadline(state.until),
    state: state.releases.length > 0 ? 'released' : isHeld(state, scene.now) ? 'held' : 'expired',
    ...endOf(reading, state),
    ...(held ? conflictsOf(reading, scene, held) : { conflicts: [] }),
    ...removedOf(reading, state),
    ...aliasesOf(reading, state.id),
    base: baseOf(state),
  };
}

export async function reservationOf(reading: Reading, id: string): Promise<Reservation> {
  const state = thing(reading, id, 'reservation');
  return shapeOf(reading, await sceneOf(reading), state);
}

/** Newest first: those that are held now by this replica's clock, unless asked for others. */
export async function listReservations(
  reading: Reading,
  member: Hash,
  query: ReservationsQuery = {},
): Promise<List<Reservation>> {
  const { path, state: wanted = 'held' } = query;
  if (path !== undefined && !isPath(path))
    throw new CoterieError('invalid', `path: ${path} is no path from the root of the repository`, {
      hint: 'Write it as git does: names with a / between each two, no . or .. among them.',
    });
  const holder = query.holder === undefined ? undefined : findMember(reading, query.holder).id;
  const scene = await sceneOf(reading);
  const fits = (state: ReservationState): boolean =>
    (holder === undefined || state.created.by === holder) &&
    (query.others === undefined || query.others === (state.created.by !== member)) &&
    (path === undefined || state.globs.some((text) => covers(text, path)));
  if (wanted === 'held') {
    const items = [...scene.held.values()].map(({ state }) => state).filter(fits);
    items.sort((a, b) => (a.created.stamp > b.created.stamp ? -1 : 1));
    const { page, more } = pageOf(items, query, ({ id }) => id);
    return { items: await Promise.all(page.map((state) => shapeOf(reading, scene, state))), ...more };
  }
  return all(reading, query, async (state) => {
    if (!fits(state)) return undefined;
    const shape = await shapeOf(reading, scene, state);
    return wanted === 'all' || shape.state === wanted ? shape : undefined;
  });
}

function covers(text: string, path: string): boolean {
  const compiled = glob(text);
  return isGlob(compiled) && matches(compiled, path);
}

/** A page of all that ever were. */
async function all(
  reading: Reading,
  query: PageQuery,
  shown: (state: ReservationState) => Promise<Reservation | undefined>,
): Promise<List<Reservation>> {
  const wanted = query.limit ?? 50;
  const items: Reservation[] = [];
  let { cursor } = query;
  for (;;) {
    const page = await pageOfRows(
      reading,
      'v/reservation/',
      { limit: wanted - items.length, cursor },
      { newest: true },
      async (id) => {
        const state = stateOf(reading, reading.database, id);
        return state?.kind === 'reservation' ? shown(state) : undefined;
      },
    );
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined || items.length >= wanted)
      return cursor === undefined ? { items } : { items, next: cursor };
  }
}
