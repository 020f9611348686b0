import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry, Hash, Header } from '../../../schemas/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../../src/keys/node.ts';
import { createWriter, freshClientID } from '../../../src/log/index.ts';
import {
  canonical,
  createClock,
  entryKey,
  fromBase64url,
  hashOf,
  makeHeader,
  memberIdOf,
  proofBytes,
  type Signer,
  sealEntry,
  utf8,
} from '../../../src/op/index.ts';

/** An entry that was made by hand. */
export interface Made {
  readonly hash: Hash;
  readonly key: Hash;
  readonly entry: Entry;
}

type Proposal = Partial<
  Pick<Header, 'after' | 'member' | 'members' | 'key' | 'stamp' | 'prev' | 'seq' | 'v'>
> & {
  readonly log: string;
  readonly type: string;
  readonly subject?: string;
  readonly data?: Record<string, unknown>;
  readonly body?: Record<string, string>;
  /** The header as it is signed, whatever it says then. */
  readonly change?: (header: Header) => Header;
};

/** A replica that is nothing but a key: it writes whatever it is told to. */
export interface Hand {
  readonly id: Hash;
  readonly publicKey: string;
  readonly workspace: Hash;
  /** The key of the user's machine, which makes members of handles. */
  readonly machine: string;
  /** The member that it makes of a handle. */
  member(handle: string): Hash;
  /** What proves its admission to whoever knows the workspace. */
  credentials(admission: Made): string[];
  sign(bytes: Uint8Array): Promise<string>;
  /** Its admission on the machine's word, which is the first of its chain. */
  admission(): Promise<Made>;
  make(proposal: Proposal): Promise<Made>;
}

const machineOf = (root: string): { workspace: Hash; machine: Signer; genesis: Entry } => {
  const file = JSON.parse(readFileSync(join(root, 'config', 'workspaces', 'default.json'), 'utf8')) as {
    genesis: Entry;
    machine: string;
  };
  const made = nodeCrypto;
  const machine = signerFromSeed(fromBase64url(file.machine, 32) as Uint8Array);
  return { workspace: hashOfEntry(made, file.genesis), machine, genesis: file.genesis };
};

const hashOfEntry = (crypto: typeof nodeCrypto, entry: Entry): Hash => hashOf(crypto, entry.header);

/** A key of the user whose replicas lie below `root`. */
export function hand(
  root: string,
  seed: Uint8Array = generateSeed(randomBytes),
  now = Date.now,
  random: (bytes: number) => Uint8Array = randomBytes,
): Hand {
  const { workspace, machine, genesis } = machineOf(root);
  const signer = signerFromSeed(seed);
  const clock = createClock({ now, random, replica: signer.id });
  const heads = new Map<string, { seq: number; hash: Hash }>();

  const made: Hand = {
    id: signer.id,
    publicKey: signer.publicKey,
    workspace,
    machine: machine.publicKey,
    member: (handle) => memberIdOf(nodeCrypto, workspace, machine.publicKey, handle),
    credentials: ({ entry }) => [genesis, entry].map((one) => JSON.stringify(one)),
    sign: (bytes) => signer.sign(bytes),
    async admission() {
      const encryption = x25519FromSeed(seed).publicKey;
      const admitted = { workspace, key: signer.publicKey, encryption, seed: machine.publicKey };
      const proof = await machine.sign(proofBytes(admitted));
      return made.make({
        log: 'members',
        type: 'replica.admit',
        after: [workspace],
        data: { key: signer.publicKey, encryption, seed: machine.publicKey, proof },
      });
    },
    async make({ log, type, subject = '', data = {}, body, change = (header) => header, ...rest }) {
      const head = heads.get(log);
      const drafted = makeHeader(nodeCrypto, {
        stamp: clock.next(),
        workspace,
        log,
        replica: signer.id,
        seq: (head?.seq ?? 0) + 1,
        prev: head?.hash ?? '',
        after: [],
        type,
        subject,
        data,
        body,
        random,
        ...rest,
      });
      const header = change(drafted.header);
      const hash = hashOf(nodeCrypto, header);
      // After the highest number there is none.
      heads.set(log, { seq: Math.min(header.seq, 2 ** 50), hash });
      const sig = await signer.sign(utf8(canonical(header)));
      const entry = sealEntry(header, drafted.body, sig);
      return { hash, key: entryKey(nodeCrypto, hash, sig), entry };
    },
  };
  return made;
}

/** Entries as `take` gets them. */
export const asTexts = (...all: readonly Made[]): [Hash, string][] =>
  all.map(({ key, entry }) => [key, JSON.stringify(entry)]);

/** Entries as one update under a fresh clientID. */
export const asUpdate = (...all: readonly Made[]): Uint8Array =>
  createWriter({ clientID: freshClientID(randomBytes) }).encode(all.map(({ key, entry }) => [key, entry]));
