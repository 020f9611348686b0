import type { Entry, Hash } from '../../../schemas/index.ts';
import type { Crypto } from '../crypto.ts';
import { fromBase64url } from '../encoding/bytes.ts';
import { keyId } from '../hash.ts';
import { readEntry, verifySignature } from './check.ts';

/** What is wrong with one entry of a chain. `chain`: signed, but its `seq` doesn't follow its `prev`'s. */
export type ChainFault = 'form' | 'replica' | 'log' | 'signature' | 'chain';

export interface BadEntry {
  /** Undefined where the form is so broken that no hash is certain. */
  readonly hash: Hash | undefined;
  readonly entry: Entry;
  readonly reason: ChainFault;
}

/** Different operations of one replica that name the same `prev`. */
export interface Fork {
  /** Empty where two operations claim to be the first. */
  readonly prev: Hash | '';
  /** Ascending. */
  readonly hashes: readonly Hash[];
  /** The branch that takes a new key: the last of `hashes`. */
  readonly higher: Hash;
}

export interface ChainReport {
  /** Operations that the replica made, ascending by `seq`, then hash. */
  readonly ok: readonly Hash[];
  readonly bad: readonly BadEntry[];
  readonly forks: readonly Fork[];
  /** Numbers that are missing below the highest one, as runs: both ends inclusive. */
  readonly gaps: readonly { readonly seq: number; readonly to: number }[];
  /** Signatures that were checked. */
  readonly verified: number;
}

interface Link {
  readonly entry: Entry;
  readonly hash: Hash;
}

function findForks(links: readonly Link[]): Fork[] {
  const followers = new Map<string, Hash[]>();
  for (const { entry, hash } of links) {
    const known = followers.get(entry.header.prev);
    if (known) known.push(hash);
    else followers.set(entry.header.prev, [hash]);
  }
  const forks: Fork[] = [];
  for (const [prev, found] of followers) {
    const hashes = found.sort();
    if (hashes.length > 1) forks.push({ prev, hashes, higher: hashes.at(-1) as Hash });
  }
  return forks;
}

function findGaps(links: readonly Link[]): { seq: number; to: number }[] {
  const here = new Set(links.map((link) => link.hash));
  const gaps: { seq: number; to: number }[] = [];
  let reached = 0;
  for (const { entry } of links) {
    const { seq, prev } = entry.header;
    if (seq > reached + 1) gaps.push({ seq: reached + 1, to: seq - 1 });
    // The number is here, but of another branch.
    else if (prev !== '' && !here.has(prev) && gaps.at(-1)?.to !== seq - 1)
      gaps.push({ seq: seq - 1, to: seq - 1 });
    reached = seq;
  }
  return gaps;
}

const bySeq = (a: Link, b: Link): number =>
  a.entry.header.seq - b.entry.header.seq || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0);

const placeOf = ({ entry: { header }, hash }: Link): string =>
  `${header.log} ${header.workspace === '' ? hash : header.workspace}`;

/** The place that most entries name, so that one bad entry doesn't speak for all. */
function commonPlace(links: readonly Link[]): string {
  const votes = new Map<string, number>();
  let best = '';
  for (const link of links) {
    const place = placeOf(link);
    const count = (votes.get(place) ?? 0) + 1;
    votes.set(place, count);
    if (count > (votes.get(best) ?? 0)) best = place;
  }
  return best;
}

/** Reads the entries of one replica and one place; what isn't one goes to `bad`. Twins share a header. */
function sortOut(
  crypto: Crypto,
  entries: Iterable<Entry>,
  replica: Hash,
  bad: BadEntry[],
): { links: Map<Hash, Link>; twins: Set<Link> } {
  const read: Link[] = [];
  for (const entry of entries) {
    const result = readEntry(crypto, entry);
    if (!result.ok) bad.push({ hash: undefined, entry, reason: 'form' });
    else if (entry.header.replica !== replica) bad.push({ hash: result.hash, entry, reason: 'replica' });
    else read.push({ entry, hash: result.hash });
  }
  const place = commonPlace(read);
  const links = new Map<Hash, Link>();
  const twins = new Set<Link>();
  for (const link of read) {
    const known = links.get(link.hash);
    if (placeOf(link) !== place) bad.push({ hash: link.hash, entry: link.entry, reason: 'log' });
    else if (!known) links.set(link.hash, link);
    else if (known.entry.sig !== link.entry.sig) twins.add(known).add(link);
  }
  return { links, twins };
}

/** Proves headers backwards from signatures that hold: who signed a header signed all that it goes back to. */
async function prove(
  links: ReadonlyMap<Hash, Link>,
  verify: (link: Link) => Promise<boolean>,
): Promise<ReadonlySet<Hash>> {
  const proven = new Set<Hash>();
  const followers = new Map<string, number>();
  for (const { entry } of links.values())
    followers.set(entry.header.prev, (followers.get(entry.header.prev) ?? 0) + 1);

  let heads = [...links.values()].filter((link) => !followers.has(link.hash));
  while (heads.length > 0) {
    const held = await Promise.all(heads.map(verify));
    const next: Link[] = [];
    heads.forEach((head, i) => {
      if (held[i]) {
        let link: Link | undefined = head;
        while (link && !proven.has(link.hash)) {
          proven.add(link.hash);
          link = links.get(link.entry.header.prev);
        }
        return;
      }
      // Nothing that a forged header names is proven by it: what it names must prove itself.
      const { prev } = head.entry.header;
      const left = (followers.get(prev) ?? 1) - 1;
      followers.set(prev, left);
      const before = links.get(prev);
      if (left === 0 && before) next.push(before);
    });
    heads = next.filter((link) => !proven.has(link.hash));
  }
  return proven;
}

/** True when number and `prev` of an operation agree with each other and with the operation before. */
function follows({ entry: { header } }: Link, links: ReadonlyMap<Hash, Link>): boolean {
  if (header.prev === '') return header.seq === 1;
  const before = links.get(header.prev);
  return header.seq > 1 && (!before || before.entry.header.seq === header.seq - 1);
}

/**
 * Checks many entries of one replica in one log, in any order, with few signature checks: the operations that none
 * here follows are checked by signature, the others by being named, through `prev`, by one that was.
 *
 * `ok` says that the replica made that header. It doesn't say that the signature beside a header that was checked
 * through `prev` holds: a false one there makes an entry that other replicas refuse, so check it singly before that
 * entry is passed on to anyone who didn't send it. Entries with one header are all checked by signature.
 * `publicKey` is the replica's, in base64url. Entries in the minority's log or workspace are bad. Never rejects.
 */
export async function checkChain(
  crypto: Crypto,
  entries: Iterable<Entry>,
  publicKey: string,
): Promise<ChainReport> {
  const bad: BadEntry[] = [];
  // No replica has an empty id: with a key that is none, every entry is another's.
  const replica = fromBase64url(publicKey, 32) ? keyId(crypto, publicKey) : '';
  const { links, twins } = sortOut(crypto, entries, replica, bad);

  let verified = 0;
  const verify = (link: Link): Promise<boolean> => {
    verified++;
    return verifySignature(crypto, link.entry, publicKey);
  };
  for (const link of twins) {
    if (await verify(link)) links.set(link.hash, link);
    else bad.push({ hash: link.hash, entry: link.entry, reason: 'signature' });
  }
  const proven = await prove(links, verify);

  const good: Link[] = [];
  for (const link of links.values()) {
    const reason = !proven.has(link.hash) ? 'signature' : !follows(link, links) ? 'chain' : undefined;
    if (reason === undefined) good.push(link);
    else if (!(reason === 'signature' && twins.has(link)))
      bad.push({ hash: link.hash, entry: link.entry, reason });
  }
  good.sort(bySeq);
  return {
    ok: good.map((link) => link.hash),
    bad,
    forks: findForks(good),
    gaps: findGaps(good),
    verified,
  };
}
