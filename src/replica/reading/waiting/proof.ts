import type { Hash, Peer, Proof, Stamp } from '../../../../schemas/index.ts';
import { type CountersRow, type HeadRow, keys, under } from '../../commit/rows.ts';
import { operation, type Reading, stampIso } from '../context.ts';
import { cursorOf, type Feed } from '../feed/feed.ts';

/** What an answer's proof rests on besides the rows. */
export interface Evidence {
  /** Digest of the workspace. */
  digest(): Promise<string>;
  /** The links as they are now. */
  peers(): Promise<readonly Peer[]>;
}

/** Stated estimate: a token is four bytes of JSON in UTF-8. */
export const tokensOf = (value: unknown): number => Math.ceil(bytesOf(value) / 4);

const encoder = new TextEncoder();
const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;

/** What one more line of a list costs, its comma as well. */
export const costOf = (line: unknown): number => Math.ceil((bytesOf(line) + 1) / 4);

/** The newest stamp of each replica among what is here. */
async function heardOf(reading: Reading): Promise<ReadonlyMap<Hash, Stamp>> {
  const heard = new Map<Hash, Stamp>();
  const rows = await reading.database.list<HeadRow>(under('v/head/'));
  await reading.database.getMany(rows.map(([, { hash }]) => keys.operation(hash)));
  for (const [key, { hash }] of rows) {
    const replica = key.slice(key.lastIndexOf('/') + 1);
    const stamp = operation(reading, hash)?.header.stamp;
    if (stamp !== undefined && stamp > (heard.get(replica) ?? '')) heard.set(replica, stamp);
  }
  return heard;
}

/**
 * How far an answer looked, and what it rests on, so that "nothing new" is another thing than "I could not look".
 * Replicas that were revoked are not in it.
 */
export async function proofOf(reading: Reading, feed: Feed, end: number, evidence: Evidence): Promise<Proof> {
  const counters = reading.database.get<CountersRow>(keys.meta('counters'));
  const heard = await heardOf(reading);
  const peers = await evidence.peers();
  const replicas = [...reading.membership.state.replicas.values()]
    .filter(({ admissions }) => admissions.some(({ ended }) => ended.length === 0))
    .map(({ id }) => {
      const self = id === reading.replica;
      const links = peers.filter(({ replica }) => replica === id);
      const link = links.find(({ state }) => state === 'linked');
      const last = link ?? links.find(({ compared }) => compared !== null);
      const stamp = heard.get(id);
      return {
        id,
        self,
        heard: stamp === undefined ? null : stampIso(stamp),
        linked: self || link !== undefined,
        lag: self ? 0 : (link?.lag ?? null),
        syncing: self ? 0 : (link?.syncing ?? null),
        digestsEqual: self
          ? true
          : last === undefined || last.digest === 'unknown'
            ? null
            : last.digest === 'equal',
        compared: last?.compared ?? null,
      };
    })
    .sort((a, b) => Number(b.self) - Number(a.self) || (a.id < b.id ? -1 : 1));
  return {
    through: cursorOf(feed, end),
    complete: true,
    remaining: 0,
    replicas,
    unlisted: 0,
    waiting: counters?.waiting ?? 0,
    digest: await evidence.digest(),
  };
}

/** A proof of at most so many tokens, where that is enough for one that lists no replica. */
export function fitted(proof: Proof, budget: number): Proof {
  let fits = proof;
  for (let listed = proof.replicas.length; tokensOf(fits) > budget && listed > 0; ) {
    listed = Math.floor(listed / 2);
    fits = { ...proof, replicas: proof.replicas.slice(0, listed), unlisted: proof.replicas.length - listed };
  }
  return fits;
}
