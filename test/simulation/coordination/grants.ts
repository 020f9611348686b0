import type { Hash } from '../../../schemas/index.ts';
import type { Epoch, TaskState } from '../../../src/fold/types.ts';
import type { OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Station } from '../station.ts';
import { operationsAt } from './model.ts';
import { pastOf, tasksAt } from './states.ts';

const hour = 3_600_000;

export interface Grant {
  readonly hash: Hash;
  readonly task: Hash;
  readonly request: Hash;
  readonly by: string;
  readonly epoch: Epoch;
  readonly until: number;
  /** When it was made, by the clock of the arbiter: that is what `until` is counted from. */
  readonly at: number;
  readonly row: OperationRow;
}

export type Operations = ReadonlyMap<Hash, OperationRow>;

const above = (a: Epoch, b: Epoch): boolean =>
  a.term !== b.term ? a.term > b.term : a.move !== b.move ? a.move > b.move : a.counter > b.counter;

/** Grants that count. */
export function grantsIn(operations: Operations): Grant[] {
  const grants: Grant[] = [];
  for (const [hash, row] of operations) {
    if (row.header.type !== 'claim.grant' || row.state !== undefined) continue;
    const { request, epoch, until } = row.header.data as { request: Hash; epoch: Epoch; until: number };
    const asked = operations.get(request);
    if (!asked) continue;
    const ttl = (asked.header.data['ttl'] as number | undefined) ?? hour;
    const by = asked.header.member ?? '';
    grants.push({ hash, task: row.header.subject, request, by, epoch, until, at: until - ttl, row });
  }
  return grants;
}

/** Until when a grant was made longer by what an operation saw. */
function longestIn(operations: Operations, grant: Grant, past: ReadonlySet<Hash>): number {
  const seen = new Map(
    [...past].flatMap((one) => {
      const row = operations.get(one);
      return row ? [[one, row] as const] : [];
    }),
  );
  return Math.max(grant.until, ...renewalsOf(seen, grant));
}

/** Until when renewals that count make a grant longer. */
export function renewalsOf(operations: Operations, { request, hash }: Grant): number[] {
  return [...operations.values()].flatMap(({ header, state }) => {
    if (header.type !== 'claim.renew' || state !== undefined) return [];
    const { claim, until } = header.data as { claim: Hash; until: number };
    return claim === request || claim === hash ? [until] : [];
  });
}

/** Operations that end a claim by naming its request or its grant. */
export function endsIn(operations: Operations, { request, hash }: Grant): Hash[] {
  const names = (row: OperationRow): boolean =>
    ['claim', 'request', 'lease'].some((field) => {
      const named = row.header.data[field];
      return named === request || named === hash;
    });
  const ending = new Set(['claim.withdraw', 'claim.release', 'lease.expire']);
  return [...operations].flatMap(([one, row]) =>
    row.state === undefined && ending.has(row.header.type) && names(row) ? [one] : [],
  );
}

/** True for a move that may end what others were granted too: by who decides, or by the holder. */
export const isOver = ({ header, state }: OperationRow): boolean =>
  state === undefined &&
  ((header.type === 'task.move' && ['done', 'cancelled'].includes(header.data['to'] as string)) ||
    header.type === 'claim.decide' ||
    (header.type === 'claim.request' && header.data['force'] === true));

/**
 * Two grants of one task to two members, of which the later was made while the time of the earlier was not over by the
 * clock of who made the later, and nothing that it saw had ended the earlier.
 */
export async function twoGrants(station: Station): Promise<string[]> {
  const operations = await operationsAt(station);
  const grants = grantsIn(operations);
  const wrong: string[] = [];
  for (const later of grants) {
    const past = pastOf(operations, later.hash);
    const forced = operations.get(later.request)?.header.data['force'] === true;
    for (const one of grants) {
      if (one.task !== later.task || one.by === later.by || !above(later.epoch, one.epoch)) continue;
      if (forced || longestIn(operations, one, past) <= later.at) continue;
      if (endsIn(operations, one).some((end) => past.has(end))) continue;
      if ([...past].some((hash) => replaces(operations, hash, one))) continue;
      wrong.push(
        `two grants of ${one.task} at once: ${one.hash} of term ${one.epoch.term} until ${one.until}, and ${later.hash} of term ${later.epoch.term} at ${later.at}`,
      );
    }
  }
  return wrong;
}

/** True for what ended a grant without naming it: a later claim or grant of its member, or an end of the task that saw it. */
function replaces(operations: Operations, hash: Hash, grant: Grant): boolean {
  const row = operations.get(hash);
  if (!row || row.state !== undefined) return false;
  const { header } = row;
  if (isOver(row)) return pastOf(operations, hash).has(grant.hash);
  if (header.type === 'claim.grant') return hash !== grant.hash && pastOf(operations, hash).has(grant.hash);
  const again = header.type === 'claim.request' && header.data['need'] === 'tentative';
  return again && header.member === grant.by && pastOf(operations, hash).has(grant.hash);
}

/** Who holds a task against the order of epochs, or by a grant that a forced move cut. */
export async function misheld(station: Station): Promise<string[]> {
  const operations = await operationsAt(station);
  const cut = cutBy(operations);
  return (await tasksAt(station)).flatMap((state) => outOfOrder(state, cut, station.name));
}

function outOfOrder(state: TaskState, isCut: (hash: Hash) => boolean, at: string): string[] {
  const wrong: string[] = [];
  const [holder, ...others] = state.claims;
  for (const { grant } of others) {
    if (grant && !holder?.grant) wrong.push(`${state.id} at ${at}: a tentative claim is before a grant`);
    else if (grant && holder?.grant && above(grant.epoch, holder.grant.epoch))
      wrong.push(`${state.id} at ${at}: a grant of a lower epoch holds`);
  }
  for (const { grant } of state.claims)
    if (grant && isCut(grant.op)) wrong.push(`${state.id} at ${at}: ${grant.op} counts, beyond the frontier`);
  return wrong;
}

type Frontier = Readonly<Record<Hash, Readonly<Record<string, readonly Hash[]>>>>;

/** Grants of earlier terms that stand beyond the frontier of a forced move. */
function cutBy(operations: Operations): (hash: Hash) => boolean {
  const moves = [...operations.values()].flatMap(({ header, state }) =>
    header.type === 'arbiter.move' && state === undefined ? [header.data] : [],
  );
  return (hash) => {
    const header = operations.get(hash)?.header;
    if (!header) return false;
    const { epoch } = header.data as { epoch: Epoch };
    return moves.some((data) => {
      if (epoch.term >= (data['term'] as number)) return false;
      const listed = (data['frontier'] as Frontier)[header.replica]?.[header.log] ?? [];
      const last = Math.max(0, ...listed.map((one) => operations.get(one)?.header.seq ?? 0));
      return header.seq > last;
    });
  };
}
