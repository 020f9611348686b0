import { CoterieError, type Hash, type List, type Peer, type ReplicaInfo } from '../../../schemas/index.ts';
import type { Narrowing, ReplicaState } from '../../fold/types.ts';
import { type HeadRow, keys, type OperationRow } from '../commit/rows.ts';
import { type PageQuery, pageOf, type Reading, stampIso } from '../reading/context.ts';
import { type Actor, once, type Writing } from '../writing/context.ts';

export type Frontier = Record<Hash, Record<string, Hash[]>>;

function shape(reading: Reading, state: ReplicaState, peers: readonly Peer[]): ReplicaInfo {
  const { database, membership, replica } = reading;
  const admission = database.get<OperationRow>(keys.operation(state.admitted))?.header;
  const { name, invite } = admission?.data ?? {};
  const inviter = typeof invite === 'string' ? membership.state.invites.get(invite)?.by : undefined;
  return {
    id: state.id,
    name: typeof name === 'string' ? name : null,
    self: state.id === replica,
    machine: state.seed,
    admitted: stampIso(admission?.stamp ?? ''),
    by: inviter === undefined ? null : membership.person(inviter),
    invite: typeof invite === 'string' ? invite : null,
    revoked: revocation(reading, state),
    members: [...membership.state.members.values()]
      .filter(({ replicas }) => replicas.includes(state.id))
      .map(({ id }) => membership.person(id)),
    links: peers.filter((peer) => peer.replica === state.id),
  };
}

/** Who revoked it, unless it was admitted again. */
export function revocation(
  { database, membership }: Pick<Reading, 'database' | 'membership'>,
  state: ReplicaState,
): ReplicaInfo['revoked'] {
  if (state.admissions.some(({ ended }) => ended.length === 0)) return null;
  return lastNarrowing({ database, membership }, 'replica.revoke', state.id);
}

/** The last of a kind that counts and ends a thing: who wrote it, and when. */
export function lastNarrowing(
  { database, membership }: Pick<Reading, 'database' | 'membership'>,
  type: Narrowing['type'],
  target: Hash,
): ReplicaInfo['revoked'] {
  const isIt = (one: Narrowing): boolean => one.type === type && one.target === target;
  const found = membership.state.frontiers.filter(isIt).at(-1);
  const header = found && database.get<OperationRow>(keys.operation(found.op))?.header;
  if (!found || !header) return null;
  return { by: membership.person(header.member ?? ''), at: stampIso(header.stamp), operation: found.op };
}

/** All replicas that were ever admitted, those that are not revoked first, then by when they came. */
export function listReplicas(
  reading: Reading,
  peers: readonly Peer[],
  query: PageQuery = {},
): List<ReplicaInfo> {
  const all = [...reading.membership.state.replicas.values()]
    .map((state) => shape(reading, state, peers))
    .map((item) => ({ item, key: `${item.revoked ? 1 : 0} ${item.admitted} ${item.id}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, more } = pageOf(all, query, ({ item }) => item.id);
  return { items: page.map(({ item }) => item), ...more };
}

/** By id, or by name where only one has it. Throws `not_found`, `ambiguous`. */
export function findReplica(reading: Reading, ref: string): ReplicaInfo {
  const all = [...reading.membership.state.replicas.values()].map((state) => shape(reading, state, []));
  const byId = all.find(({ id }) => id === ref);
  if (byId) return byId;
  const named = all.filter(({ name }) => name === ref);
  if (named.length > 1)
    throw new CoterieError('ambiguous', `${named.length} replicas are named ${ref}.`, {
      legal: named.map(({ id }) => id),
    });
  const [only] = named;
  if (!only) throw new CoterieError('not_found', `There is no replica ${ref}.`);
  return only;
}

/**
 * Revokes a replica: what it wrote counts as far as it is here now, and nothing beyond. Rejects with `not_found`,
 * `forbidden`, and `too_large` where it wrote into more logs than one operation can name.
 */
export async function revokeReplica(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: { readonly reason?: string | undefined },
  key: string | undefined,
): Promise<ReplicaInfo> {
  const { reading } = writing;
  const { id } = findReplica(reading, ref);
  await once(writing, { actor, key, input: { revoke: id, ...input } }, async (work, hashed) => {
    // What is queued counts too: it is here.
    await work.settled();
    return writing.ledger.append(work, {
      log: 'members',
      type: 'replica.revoke',
      subject: writing.reading.workspace,
      member: actor.id,
      data: { replica: id, frontier: await frontierOf(reading, id) },
      body: { reason: input.reason },
      key: hashed,
    });
  });
  return findReplica(reading, id);
}

/** The last operation of a replica in each log, or in one, as it is stored here. */
export async function frontierOf(
  { database }: Pick<Reading, 'database'>,
  replica: Hash,
  only?: string,
): Promise<Frontier> {
  const heads = await database.under<HeadRow>('v/head/');
  const logs: Record<string, Hash[]> = {};
  for (const [key, { hash }] of heads) {
    const [, , log = '', of] = key.split('/');
    if (of === replica && (only === undefined || only === log)) logs[log] = [hash];
  }
  return { [replica]: logs };
}
