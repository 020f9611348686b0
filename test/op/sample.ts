import type { Entry, Hash, Header } from '../../schemas/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../src/keys/node.ts';
import {
  createClock,
  entryKey,
  type HeaderInput,
  hashOf,
  makeHeader,
  type Signer,
  sealEntry,
} from '../../src/op/index.ts';

/** Bytes that a test can have again: xorshift from a seed. */
export function randomFrom(seed: number): (bytes: number) => Uint8Array {
  let state = seed | 0 || 1;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 255;
    });
}

export interface Made {
  readonly hash: Hash;
  readonly key: Hash;
  readonly entry: Entry;
}

export const workspace = hashOf(nodeCrypto, 'workspace');
export const member = hashOf(nodeCrypto, 'member');
export const channel = hashOf(nodeCrypto, 'channel');

export interface Chain {
  readonly signer: Signer;
  readonly log: string;
  /** Makes and signs the next operation: a message unless told otherwise. */
  make(change?: Partial<HeaderInput>): Promise<Made>;
  /** As `make`, from the operation `at` on; leaves the chain's end as it was. */
  branch(at: Made | undefined, change?: Partial<HeaderInput>): Promise<Made>;
}

/** One replica's chain in one log. */
export function chainFrom(seed: number, log = `channel.${channel}`): Chain {
  const random = randomFrom(seed);
  const signer = signerFromSeed(generateSeed(random));
  let now = 1_700_000_000_000;
  const clock = createClock({ now: () => now++, random, replica: signer.id });
  let last: Made | undefined;

  const build = async (before: Made | undefined, change: Partial<HeaderInput>): Promise<Made> => {
    const { header, hash, body, signedBytes } = makeHeader(nodeCrypto, {
      stamp: clock.next(),
      workspace,
      log,
      replica: signer.id,
      member,
      seq: (before?.entry.header.seq ?? 0) + 1,
      prev: before?.hash ?? '',
      after: [],
      type: 'message.create',
      subject: '',
      data: {},
      body: { text: 'hello' },
      random,
      ...change,
    });
    const sig = await signer.sign(signedBytes);
    return { hash, key: entryKey(nodeCrypto, hash, sig), entry: sealEntry(header, body, sig) };
  };
  return {
    signer,
    log,
    async make(change = {}) {
      last = await build(last, change);
      return last;
    },
    branch: (at, change = {}) => build(at, change),
  };
}

/** As many messages of one chain as asked for. */
export async function messages(chain: Chain, count: number, text = 'hello'): Promise<Made[]> {
  const made: Made[] = [];
  for (let i = 0; i < count; i++) made.push(await chain.make({ body: { text: `${text} ${i}` } }));
  return made;
}

/** A header that holds, as plain data. */
export const plainHeader = (entry: Entry): Record<string, unknown> =>
  structuredClone(entry.header) as Header & Record<string, unknown>;
