import { type ArbiterInfo, type ArbiterMove, CoterieError, type Hash } from '../../../schemas/index.ts';
import type { Promised, Term } from '../../fold/types.ts';
import type { Work } from '../commit/commits.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';
import { stateOf } from '../ledger/state.ts';
import { type Frontier, findReplica } from '../machines/replicas.ts';
import { mustBe } from '../machines/roles.ts';
import { type Reading, stampIso } from '../reading/context.ts';
import { type Actor, introduce, once, type Writing } from '../writing/context.ts';
import { termOf } from './arbiter.ts';
import { lastWhole } from './frontier.ts';

/** Grants in one hand-over: a header holds 8 KiB. */
const grantsEach = 60;

function present(reading: Reading): Term {
  const term = termOf(reading);
  if (!term) throw new Error('a workspace without a genesis');
  return term;
}

/** Every grant whose time is not over, with its end. */
async function liveGrants(
  reading: Reading,
  reader: Pick<Reader, 'get' | 'under'>,
  now: number,
): Promise<Promised[]> {
  const live: Promised[] = [];
  for (const [key] of await reader.under<number>('v/held/')) {
    const state = stateOf(reading, reader, key.slice('v/held/'.length));
    for (const { grant, until } of state?.kind === 'task' ? state.claims : [])
      if (grant && state && until !== undefined && until > now)
        live.push({ task: state.id, grant: grant.op, until });
  }
  return live;
}

/** Who the arbiter is, since when and how, and how much it has given out. */
export async function showArbiter(writing: Writing): Promise<ArbiterInfo> {
  const { reading } = writing;
  const term = present(reading);
  const { name, self, revoked } = findReplica(reading, term.arbiter);
  const header = reading.database.get<OperationRow>(keys.operation(term.op))?.header;
  const by = header?.member === undefined ? null : reading.membership.person(header.member);
  const how = { 'arbiter.handover': 'hand-over', 'arbiter.move': 'move' } as const;
  const type = header?.type;
  return {
    replica: term.arbiter,
    name,
    self,
    revoked: revoked !== null,
    term: term.term,
    since: stampIso(header?.stamp ?? ''),
    by,
    how: type === 'arbiter.handover' || type === 'arbiter.move' ? how[type] : 'genesis',
    grants: (await liveGrants(reading, reading.database, writing.now())).length,
  };
}

/**
 * The office of arbiter goes to another replica. The arbiter itself hands it over, with every grant that is in force;
 * an admin moves it by force where the arbiter is gone: what that granted and is not here counts no more.
 */
export async function moveArbiter(
  writing: Writing,
  actor: Actor,
  input: ArbiterMove,
  key: string | undefined,
): Promise<ArbiterInfo> {
  const { reading } = writing;
  await introduce(writing, actor);
  mustBe(writing, actor, 'admin', 'says which replica is the arbiter');
  const { id: to, revoked } = findReplica(reading, input.to);
  if (revoked) throw new CoterieError('invalid', 'to: this replica is revoked');
  await once(writing, { actor, key, input: { arbiter: to, ...input } }, async (work, hashed) => {
    // What is queued counts too: it is here.
    await work.settled();
    const term = present(reading);
    if (term.arbiter === to) return term.op;
    if (input.force) {
      const data = { to, term: term.term + 1, frontier: frontierHere(reading) };
      const said = { log: 'members', subject: writing.reading.workspace, member: actor.id, key: hashed };
      return writing.ledger.append(work, { ...said, type: 'arbiter.move', data });
    }
    if (term.arbiter !== reading.replica)
      throw new CoterieError('forbidden', `The arbiter is the replica ${term.arbiter}, not this one.`, {
        hint: 'Hand over where the arbiter runs; where it is gone, an admin moves it with force.',
      });
    return handOver(writing, work, to, hashed);
  });
  return showArbiter(writing);
}

/** What does not fit into one operation is handed over to itself first. */
async function handOver(writing: Writing, work: Work, to: Hash, key: Hash | undefined): Promise<Hash> {
  const { reading, ledger } = writing;
  const grants = await liveGrants(reading, work.draft, writing.now());
  for (;;) {
    const some = grants.splice(0, grantsEach);
    const isLast = grants.length === 0;
    const hash = await ledger.append(work, {
      log: 'members',
      type: 'arbiter.handover',
      subject: writing.reading.workspace,
      data: { to: isLast ? to : reading.replica, term: present(reading).term + 1, grants: some },
      key: isLast ? key : undefined,
    });
    if (isLast) return hash;
  }
}

/**
 * Up to where everything on tasks is here of everyone who ever was the arbiter. What waits here for something else is
 * beyond: it may be lost, and the next arbiter would wait for it.
 */
function frontierHere({ database, membership }: Reading): Frontier {
  const frontier: Frontier = {};
  for (const { arbiter } of membership.state.terms) {
    const last = lastWhole(database, arbiter);
    frontier[arbiter] = last === undefined ? {} : { tasks: [last] };
  }
  return frontier;
}
