import { randomBytes } from 'node:crypto';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../../src/keys/node.ts';
import { type Signer, toBase64url } from '../../../src/op/index.ts';
import { signList } from '../../../src/seal/admitted.ts';
import { chainNext, chainStart, recordHash } from '../../../src/seal/chain.ts';
import {
  type Mailboxes,
  type MailboxLimits,
  type MailboxSession,
  openMailboxes,
} from '../../../src/seal/mailbox/index.ts';
import {
  decodeFromRelay,
  encodeToRelay,
  type SignedList,
  type ToClient,
  type ToRelay,
} from '../../../src/seal/wire.ts';
import type { Store } from '../../../src/storage/port.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';

export const newId = (): string => toBase64url(randomBytes(32));
export const newSigner = (): Signer => signerFromSeed(generateSeed());

export const code = 'open sesame';
export const second = 1000;

/** A relay's engine over a store, with a clock that a test moves. */
export interface Rig {
  readonly mailboxes: Mailboxes;
  readonly store: Store;
  readonly signer: Signer;
  readonly clock: { now: number };
  readonly troubles: unknown[];
  connect(signer: Signer, mailbox: string, options?: { readonly buffered?: () => number }): Client;
}

export interface RigOptions {
  readonly store?: Store;
  readonly limits?: Partial<MailboxLimits>;
  readonly signer?: Signer;
  readonly clock?: { now: number };
}

/** A proof as tests write it: the key, then whether it is good until a time. */
export const tokenOf = ({ publicKey }: Signer, expires: number): string => `${publicKey}.${expires}`;

export function openRig({ store = createMemoryStore(), limits, ...given }: RigOptions = {}): Rig {
  const clock = given.clock ?? { now: 1_700_000_000_000 };
  const signer = given.signer ?? newSigner();
  const troubles: unknown[] = [];
  const mailboxes = openMailboxes({
    store,
    crypto: nodeCrypto,
    signer,
    random: randomBytes,
    now: () => clock.now,
    limits,
    mayCreate: (offered) => offered === code,
    prove: async (token) => {
      const [key = '', expires] = token.split('.');
      return Number(expires) > clock.now ? { key, expires: Number(expires) } : { refused: 'expired' };
    },
    onTrouble: (error) => troubles.push(error),
  });
  return {
    mailboxes,
    store,
    signer,
    clock,
    troubles,
    connect: (own, mailbox, options = {}) =>
      openClient(mailboxes, { signer: own, mailbox, expires: clock.now + 300 * second, ...options }),
  };
}

type Of<Type extends ToClient['type']> = Extract<ToClient, { readonly type: Type }>;

/** One end of a session, as a test sees it. */
export interface Client {
  readonly signer: Signer;
  readonly mailbox: string;
  readonly session: MailboxSession;
  /** What came and was not looked at. */
  readonly came: ToClient[];
  /** How it ended. */
  ended: { code: number; reason: string } | undefined;
  readonly paused: { now: boolean; times: number };
  send(...messages: ToRelay[]): void;
  raw(frame: Uint8Array): void;
  /** The next message of a type, those of other types before it left where they are. */
  next<Type extends ToClient['type']>(type: Type): Promise<Of<Type>>;
  /** The next message with this tag. */
  answer(tag: number): Promise<ToClient>;
  /** Resolves when it was ended. */
  end(): Promise<{ code: number; reason: string }>;
  hello(): Promise<Of<'hello'>>;
}

export function openClient(
  mailboxes: Pick<Mailboxes, 'join'>,
  {
    signer,
    mailbox,
    expires,
    buffered = () => 0,
  }: {
    readonly signer: Signer;
    readonly mailbox: string;
    readonly expires: number;
    readonly buffered?: () => number;
  },
): Client {
  const came: ToClient[] = [];
  const watchers = new Set<() => void>();
  const paused = { now: false, times: 0 };
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  const transport = {
    send(frame: Uint8Array) {
      const decoded = decodeFromRelay(frame.slice());
      if (decoded.kind !== 'message') throw new Error(`the relay sent what is ${decoded.kind}`);
      came.push(decoded.message);
      wake();
    },
    buffered,
    close(closeCode: number, reason: string) {
      client.ended ??= { code: closeCode, reason };
      wake();
    },
    pause() {
      paused.now = true;
      paused.times += 1;
    },
    resume() {
      paused.now = false;
    },
  };
  function take(fits: (message: ToClient) => boolean): Promise<ToClient> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const at = came.findIndex(fits);
        if (at >= 0) {
          watchers.delete(look);
          resolve(came.splice(at, 1)[0] as ToClient);
        } else if (client.ended) {
          watchers.delete(look);
          reject(new Error(`ended with ${client.ended.code}: ${client.ended.reason}`));
        }
      };
      watchers.add(look);
      look();
    });
  }
  const session = mailboxes.join(mailbox, { key: signer.publicKey, expires }, transport);
  const client: Client = {
    signer,
    mailbox,
    session,
    came,
    ended: undefined,
    paused,
    send(...messages) {
      for (const message of messages) session.receive(encodeToRelay(message));
    },
    raw: (frame) => session.receive(frame),
    next: (type) => take((message) => message.type === type) as Promise<never>,
    answer: (tag) => take((message) => 'tag' in message && message.tag === tag),
    end: () =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!client.ended) return;
          watchers.delete(look);
          resolve(client.ended);
        };
        watchers.add(look);
        look();
      }),
    hello() {
      client.send({ type: 'hello', versions: [1], capabilities: [] });
      return client.next('hello');
    },
  };
  return client;
}

/** A list that the first of the admins signs. */
export function listOf(
  by: Signer,
  {
    mailbox,
    version = 1,
    keys = [],
    admins = [by],
    prev = null,
    revoked = [],
  }: {
    readonly mailbox: string;
    readonly version?: number;
    readonly keys?: readonly Signer[];
    readonly admins?: readonly Signer[];
    readonly prev?: string | null;
    readonly revoked?: readonly string[];
  },
): Promise<SignedList> {
  const entry = (admin: boolean) => (one: Signer) => ({ key: one.publicKey, admin });
  return signList(by, {
    mailbox,
    version,
    keys: [...admins.map(entry(true)), ...keys.map(entry(false))],
    revoked: [...revoked],
    prev,
  });
}

/** A mailbox with an admin's session, and others on its first list. */
export async function founded(rig: Rig, others: readonly Signer[] = [], owner = newSigner()) {
  const mailbox = newId();
  const admin = rig.connect(owner, mailbox);
  await admin.hello();
  const list = await listOf(owner, { mailbox, keys: others });
  admin.send({ type: 'create', tag: 1, list, code });
  const hello = await admin.next('hello');
  return { mailbox, admin, list, hello };
}

let made = 0;

/** A record as a relay sees one: a header, and bytes that mean nothing. */
export function recordBy(
  { publicKey }: Pick<Signer, 'publicKey'>,
  {
    size = 100,
    snapshot,
  }: { readonly size?: number; readonly snapshot?: { readonly to: number; readonly chain: string } } = {},
): Uint8Array {
  const small = (value: number): number[] => {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    return [...bytes, rest];
  };
  const raw = (id: string): Buffer => Buffer.from(id, 'base64url');
  made += 1;
  return Buffer.concat([
    Uint8Array.from([1, snapshot ? 2 : 0]),
    Buffer.alloc(32, 7),
    raw(publicKey),
    Uint8Array.from(small(made)),
    Buffer.alloc(32),
    ...(snapshot ? [Uint8Array.from(small(snapshot.to)), raw(snapshot.chain)] : []),
    Buffer.alloc(24, 5),
    Buffer.alloc(size, made % 251),
  ]);
}

/** The chain of a document after these records. */
export function chainOf(
  at: { readonly mailbox: string; readonly incarnation: string; readonly document: string },
  records: readonly Uint8Array[],
): string {
  let chain = chainStart(nodeCrypto, at);
  for (const record of records) chain = chainNext(nodeCrypto, chain, recordHash(nodeCrypto, record));
  return chain;
}

export const hashOfRecord = (record: Uint8Array): string => recordHash(nodeCrypto, record);
