import type { Hash } from '../../../schemas/index.ts';
import { safeEpochs } from '../../fold/index.ts';
import type { EpochState } from '../../fold/types.ts';
import { fromBase64url, toBase64url, utf8 } from '../../op/index.ts';
import { type KeyPair, openBox, sealTo } from '../../seal/box.ts';
import { type EpochKey, epochMark } from '../../seal/names.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import { checkOf, letterOf, readLetter, secretBytes } from './letters.ts';

/** What a replica knows of key epochs: their secrets are facts of its own, in no operation. */
export interface Keyring {
  /** The first in the order of the fold, by which documents are named; undefined while its secret is not here. */
  founding(): EpochKey | undefined;
  /** What is sealed now is sealed in this one: the newest whose secret nobody has who is revoked. */
  current(): EpochKey | undefined;
  /** All whose secrets are here. */
  all(): readonly EpochKey[];
  /** The epoch of a record, by its mark. */
  byMark(mark: string): EpochKey | undefined;
  /** Epochs that began and whose secret is not here. */
  lacking(): readonly Hash[];
  /** All secrets that are here, for a replica in force; undefined for any other, and while there are none. */
  share(replica: Hash): Uint8Array | undefined;
  /** Takes what another replica shared. Resolves with how many secrets were new. */
  take(letter: Uint8Array): Promise<number>;
  /** From now on an epoch is begun where there is none that is safe, by a replica that hosts an admin. */
  use(): void;
  /** Whether it was told to. */
  used(): boolean;
  /** Called when there is another epoch, or a secret is new here. Returns what stops it. */
  onChange(listener: () => void): () => void;
}

export interface KeyringOptions {
  readonly context: Pick<AbsorbContext, 'membership' | 'crypto'>;
  readonly workspace: Hash;
  readonly database: Database;
  readonly commits: Commits;
  /** The seed of this replica's own key. */
  readonly box: KeyPair;
  readonly self: { readonly id: Hash };
  readonly random: (bytes: number) => Uint8Array;
  readonly timer: (task: () => void, ms: number) => () => void;
  /** Something that hinders, and is tried again when membership changes. */
  readonly trouble?: ((error: unknown) => void) | undefined;
}

/** A keyring, and what its replica tells it. */
export interface OwnKeyring extends Keyring {
  /** The replica writes from now on: secrets that are on disk are read, and epochs begun by it. */
  begin(ledger: Ledger): Promise<void>;
  /** Who belongs to the workspace changed, and that is durable. */
  look(): void;
  close(): Promise<void>;
}

/** Where the secret of an epoch lies, base64url. */
export const epochRow = (epoch: Hash): string => `epoch/${epoch}`;

/** Replicas to which one operation seals a secret: what its header has room for. Others get letters. */
const mostSealed = 36;
/** Several admins' replicas wait by lot, so that mostly one of them begins, ms. */
const lot = 2_000;

export function createKeyring(options: KeyringOptions): OwnKeyring {
  const { context, workspace, database, commits, box, self, random, timer } = options;
  const { membership, crypto } = context;
  const secrets = new Map<Hash, Uint8Array>();
  /** Read once; marks are hashes. */
  const marks = new Map<string, Hash>();
  const listeners = new Set<() => void>();
  let ledger: Ledger | undefined;
  let used = false;
  let cancel: (() => void) | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let shown = '';

  const keyOf = (id: Hash): EpochKey | undefined => {
    const secret = secrets.get(id);
    return secret && { id, secret };
  };
  const additional = (replica: Hash): Uint8Array => utf8(`coterie epoch 1\n${workspace}\n${replica}`);

  /** Replicas in force with their X25519 keys, those of admins first. */
  function recipients(): { readonly id: Hash; readonly encryption: string }[] {
    const { replicas, members } = membership.state;
    const admins = new Set(
      [...members.values()].filter(({ role }) => isAdmin(role)).flatMap((member) => member.replicas),
    );
    return [...replicas.values()]
      .filter(({ admissions }) => admissions.some(({ ended }) => ended.length === 0))
      .sort((a, b) => Number(admins.has(b.id)) - Number(admins.has(a.id)));
  }

  /** A member of this replica that may begin epochs. */
  const admin = (): Hash | undefined =>
    [...membership.state.members.values()].find(
      ({ role, replicas }) => isAdmin(role) && replicas.includes(self.id),
    )?.id;

  async function begin(): Promise<void> {
    const by = admin();
    if (by === undefined || !ledger || isServed()) return;
    const secret = random(secretBytes);
    const sealed: Record<Hash, string> = {};
    const all = recipients();
    const first = [...all.filter(({ id }) => id === self.id), ...all.filter(({ id }) => id !== self.id)];
    for (const { id, encryption } of first.slice(0, mostSealed)) {
      const one = sealTo(encryption, secret, additional(id), random);
      if (one) sealed[id] = toBase64url(one);
    }
    const { append } = ledger;
    await commits.write(async (work) => {
      if (isServed()) return;
      const hash = await append(work, {
        log: 'members',
        type: 'epoch.begin',
        member: by,
        data: { sealed, check: checkOf(crypto, workspace, secret) },
      });
      work.draft.put(epochRow(hash), toBase64url(secret));
      work.onDurable(() => secrets.set(hash, secret));
    });
  }

  /** Whether there is an epoch that may be used; its secret may still be on its way. */
  const isServed = (): boolean => safeEpochs(membership.state).length > 0;

  /** The secret of an epoch, where it was sealed to this replica. */
  function sealedHere(epoch: EpochState): Uint8Array | undefined {
    const row = database.get<OperationRow>(keys.operation(epoch.id));
    const sealed = (row?.header.data['sealed'] as Readonly<Record<Hash, unknown>> | undefined)?.[self.id];
    if (typeof sealed !== 'string') return undefined;
    const bytes = fromBase64url(sealed, Math.floor((sealed.length * 3) / 4));
    const secret = bytes && openBox(box, bytes, additional(self.id));
    return secret && checkOf(crypto, workspace, secret) === epoch.check ? secret : undefined;
  }

  /** Puts secrets on disk, then into use. */
  async function keep(found: ReadonlyMap<Hash, Uint8Array>): Promise<void> {
    if (found.size === 0) return;
    await commits.write(({ draft }) => {
      for (const [id, secret] of found) draft.put(epochRow(id), toBase64url(secret));
    });
    for (const [id, secret] of found) secrets.set(id, secret);
  }

  async function lookOnce(): Promise<void> {
    const found = new Map<Hash, Uint8Array>();
    const wrong: Hash[] = [];
    for (const epoch of membership.state.epochs) {
      const known = secrets.get(epoch.id);
      // What came by a ticket or letter before the operation itself.
      if (known && checkOf(crypto, workspace, known) !== epoch.check) wrong.push(epoch.id);
      const secret = known && !wrong.includes(epoch.id) ? undefined : sealedHere(epoch);
      if (secret) found.set(epoch.id, secret);
    }
    for (const id of wrong) secrets.delete(id);
    await keep(found);
    if (used && ledger && !isServed() && admin() !== undefined && !cancel) {
      const alone = recipients().length === 1;
      cancel = timer(
        () => {
          cancel = undefined;
          void run();
        },
        alone ? 0 : ((random(1)[0] ?? 0) / 256) * lot,
      );
    }
    tell();
  }

  async function run(): Promise<void> {
    try {
      await begin();
    } catch (error) {
      options.trouble?.(error);
    }
    look();
  }

  function tell(): void {
    const { epochs, frontiers } = membership.state;
    const now = `${epochs.map(({ id }) => id).join()} ${[...secrets.keys()].join()} ${frontiers.length}`;
    if (now === shown) return;
    shown = now;
    for (const listener of [...listeners]) listener();
  }

  function look(): void {
    if (!ledger) return;
    if (looking) {
      again = true;
      return;
    }
    looking = lookOnce()
      .catch((error: unknown) => options.trouble?.(error))
      .finally(() => {
        looking = undefined;
        if (!again) return;
        again = false;
        look();
      });
  }

  return {
    founding() {
      const first = membership.state.epochs[0];
      // Before a joining replica has the members log it knows what its ticket says, in the order of that.
      return first ? keyOf(first.id) : secrets.size > 0 ? keyOf([...secrets.keys()][0] ?? '') : undefined;
    },
    current() {
      const safe = safeEpochs(membership.state);
      for (let at = safe.length - 1; at >= 0; at--) {
        const key = keyOf(safe[at]?.id ?? '');
        if (key) return key;
      }
      return undefined;
    },
    all: () => [...secrets].map(([id, secret]) => ({ id, secret })),
    byMark(mark) {
      const known = marks.get(mark);
      if (known !== undefined) return keyOf(known);
      for (const id of secrets.keys()) marks.set(epochMark(crypto, id), id);
      return keyOf(marks.get(mark) ?? '');
    },
    lacking: () => membership.state.epochs.filter(({ id }) => !secrets.has(id)).map(({ id }) => id),
    share(replica) {
      const to = recipients().find(({ id }) => id === replica);
      const known = membership.state.epochs.flatMap(({ id }) => keyOf(id) ?? []);
      return to && known.length > 0 ? letterOf({ workspace, to, known, random }) : undefined;
    },
    async take(letter) {
      const told = readLetter({ workspace, self: self.id, box, letter });
      const found = new Map<Hash, Uint8Array>();
      const epochs = new Map(membership.state.epochs.map((epoch) => [epoch.id, epoch]));
      for (const { id, secret } of told) {
        const epoch = epochs.get(id);
        if (secrets.has(id)) continue;
        if (epoch === undefined || checkOf(crypto, workspace, secret) === epoch.check) found.set(id, secret);
      }
      await keep(found);
      if (found.size > 0) tell();
      return found.size;
    },
    use() {
      used = true;
      look();
    },
    used: () => used,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async begin(given) {
      for (const [key, secret] of await database.under<string>('epoch/')) {
        const bytes = fromBase64url(secret, secretBytes);
        if (bytes) secrets.set(key.slice('epoch/'.length), bytes);
      }
      ledger = given;
      look();
      await looking;
    },
    look,
    async close() {
      cancel?.();
      ledger = undefined;
      again = false;
      await looking;
    },
  };
}

const isAdmin = (role: string): boolean => role === 'owner' || role === 'admin';
