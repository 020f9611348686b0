import { CoterieError, type Hash } from '../../../schemas/index.ts';
import { emptyUpdate, emptyVector, isEmptyVector } from '../../log/empty.ts';
import { parseDocumentName, segmentDigest } from '../../log/index.ts';
import { keyId, type Signer } from '../../op/index.ts';
import type { Heads } from '../../seal/link/heads/heads.ts';
import type { Roster } from '../../seal/link/port.ts';
import type { Pads } from '../../storage/pads.ts';
import type { DocumentStore, Store } from '../../storage/port.ts';
import type { DurableUpdate, Received, SegmentDigest, SessionId, SyncSource } from '../../sync/port.ts';
import type { Breathing } from '../commit/breathing.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { type HeadRow, keys, type SegmentRow } from '../commit/rows.ts';
import type { Draft } from '../commit/transaction.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
import type { Digests } from '../documents/digest.ts';
import type { Shown } from '../documents/documents.ts';
import type { Keyring } from '../epochs/keyring.ts';
import { rosterOf } from '../epochs/roster.ts';
import type { Duties } from '../ledger/duties.ts';
import type { AbsorbContext } from '../ledger/state.ts';
import type { PresenceStatements } from '../presence/statements.ts';
import type { PresenceStore } from '../presence/store.ts';
import type { JoinedRow } from '../writing/context.ts';
import { createCredentials } from './credentials.ts';
import type { FreshKey } from './fresh-key.ts';
import { historyOf } from './history-of.ts';
import { createKeptRefusals, type KeptRefusals } from './kept-refusals.ts';
import { noteOwn } from './own-key.ts';
import { createReceiving } from './receive/receive.ts';
import type { Verifying } from './receive/verifying.ts';
import type { Reconcile } from './reconcile.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import { createSeen } from './seen.ts';
import { entriesIn, remake } from './split.ts';

/** Who is behind a session. */
export type Sender = { readonly publicKey: string } | { readonly handle: string };

/** A replica as its sessions see it, and what only its own process needs. */
export interface ReplicaSource extends SyncSource {
  /**
   * Resolves when everything that follows from what was received is judged, each signature was looked at, and no fresh
   * key is under way.
   */
  idle(): Promise<void>;
  /**
   * This replica is in step with a peer: everything that differed has been exchanged. So a restored directory was told
   * its own heads and may write from now on, and what a fresh one found is history to its members.
   */
  caughtUp(): Promise<void>;
  /** Digests were equal: the peer of this key has what the digest of the logs holds. */
  equal(publicKey: string, logs: Hash): Promise<void>;
  /** A session ended: what waits of it is forgotten. */
  forget(session: number): void;
  /** Whose session it is: a proven key, or the member that a token names. What is refused is told of them. */
  met(who: { readonly session: SessionId } & Sender): void;
  /** What of a session never came to a log, but to presence or a pad: why it was turned away. */
  turnedAway(document: string, reason: string, from: SessionId): void;
  refusals(): Refusals;
  /** The last who were refused, over restarts. */
  readonly refused: Pick<KeptRefusals, 'senders' | 'recent'>;
  /** Documents of this directory that no log has. */
  readonly pads: Pads;
  /** Who is present. */
  readonly presence: PresenceStore;
  readonly statements: PresenceStatements;
  /** For sealed relays: key epochs, who is to be admitted there, how far replicas read there. */
  readonly keyring: Keyring;
  roster(): Roster;
  /** It is synced by key. */
  isSplit(document: string): boolean;
  readonly heads: Heads;
}

export interface SourceOptions {
  readonly context: AbsorbContext;
  readonly workspace: Hash;
  readonly signer: Signer;
  readonly store: Store;
  readonly stored: DocumentStore;
  readonly database: Database;
  readonly commits: Commits;
  readonly checkpoints: Pick<Checkpoints, 'alone'>;
  readonly digests: Digests;
  readonly duties: Duties;
  readonly reconcile: Reconcile;
  readonly verifying: Verifying;
  readonly breathing: Breathing;
  readonly freshKey: Pick<FreshKey, 'notice' | 'idle'>;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly closing: AbortSignal;
  readonly pads: Pads;
  readonly presence: PresenceStore;
  readonly statements: PresenceStatements;
  readonly keyring: Keyring;
  readonly heads: Heads;
}

export function createSource(options: SourceOptions): {
  source: ReplicaSource;
  shown(update: Shown): void;
  /** This replica has another key. */
  rekeyed(): void;
} {
  const { context, workspace, signer, database, commits, digests, duties, verifying, closing } = options;
  const { crypto, documents } = context;
  const listeners = new Set<(update: DurableUpdate) => void>();
  const onKeys = new Set<() => void>();

  const open = (): void => {
    if (closing.aborted) throw new CoterieError('closed', 'The replica is closed.');
  };
  /** Before each answer: however many are asked for, others get their turn. */
  const breathe = (): Promise<void> => options.breathing.pause();
  const isSplit = (document: string): boolean => database.get(keys.split(document)) !== undefined;

  async function exists(document: string): Promise<boolean> {
    const name = parseDocumentName(document);
    return name !== undefined && (await digests.segments(name.log)).includes(name.segment);
  }

  const made = { ...options, crypto, documents, changed: digests.changed };

  async function markSplit(document: string): Promise<void> {
    if (isSplit(document) || !(await exists(document))) return;
    const entries = (draft: Draft) => entriesIn(crypto, draft, document);
    await remake(made, document, entries, (draft) => draft.put(keys.split(document), 1));
  }

  const receiving = createReceiving({
    context,
    workspace,
    database,
    commits,
    reconcile: options.reconcile,
    breathing: options.breathing,
    isSplit,
    onSplit: markSplit,
    self: signer,
    onProven: () => verifying.notice(),
    async onOwn(work, hash) {
      const restored = database.get<boolean>(keys.meta('restored')) === true;
      const rekey = await noteOwn(work, signer.id, hash, restored);
      if (rekey) work.onDurable(options.freshKey.notice);
    },
  });
  const credentials = createCredentials({ context, database, receiving, workspace, self: signer });

  const seen = createSeen({ ...options, workspace: digests.workspace });
  const refusals = createRefusals();
  const kept = createKeptRefusals(options);
  const note = (document: string, reason: string, from: SessionId): Promise<void> =>
    kept.note(refusals.refused(document, reason, from), document, reason);
  async function noted(document: string, received: Received, from: SessionId): Promise<Received> {
    if (!received.ok) await note(document, received.reason, from);
    return received;
  }

  const source: ReplicaSource = {
    workspace,
    get publicKey() {
      return signer.publicKey;
    },
    sign: (bytes) => signer.sign(bytes),
    verify: (publicKey, bytes, sig) => crypto.verify(publicKey, bytes, sig),
    async credentials() {
      open();
      return credentials.own();
    },
    async admit(publicKey, texts) {
      open();
      const verdict = await credentials.admit(publicKey, texts);
      if (verdict === 'self') refusals.copied();
      return verdict;
    },
    async root() {
      open();
      await breathe();
      return { logs: await seen.root(), marks: await digests.marks() };
    },
    async logs() {
      open();
      await breathe();
      return digests.logs();
    },
    async segments(log) {
      open();
      await breathe();
      const shown = await digests.exchanged(log);
      const list: SegmentDigest[] = [];
      for (const n of shown) {
        const document = `log/${log}/${n}`;
        list.push({ n, digest: await digests.ofDocument(document), split: isSplit(document) });
      }
      return list;
    },
    async digest(document) {
      open();
      if (!(await exists(document))) return { digest: segmentDigest(crypto, []), entries: 0, split: false };
      const entries = documents.resting(document)?.entries ?? (await documents.shown(document)).size;
      return { digest: await digests.ofDocument(document), entries, split: isSplit(document) };
    },
    async stateVector(document) {
      open();
      if (!(await exists(document))) return emptyVector;
      return documents.resting(document)?.stateVector ?? (await documents.shown(document)).stateVector();
    },
    async diff(document, stateVector) {
      open();
      await breathe();
      if (!(await exists(document))) return emptyUpdate;
      // Who has nothing of it gets it as it lies on disk: most of what a newcomer takes is in no memory.
      const whole = isEmptyVector(stateVector) ? await documents.resting(document)?.read() : undefined;
      if (whole) return whole;
      const shown = await documents.shown(document);
      try {
        return shown.encode(stateVector);
      } catch (error) {
        throw new CoterieError('invalid', 'these bytes are no state vector', { cause: error });
      }
    },
    async receive(document, update, from) {
      open();
      const received = await receiving.receive(document, update, from);
      await duties.idle();
      return noted(document, received, from);
    },
    async keys(document) {
      open();
      await breathe();
      if (!(await exists(document))) return [];
      const shown = await documents.shown(document);
      return [...shown.entries()].map(([key, { body }]) => [key, body !== undefined] as const);
    },
    async entries(document, wanted) {
      open();
      await breathe();
      if (!(await exists(document))) return [];
      const shown = await documents.shown(document);
      return wanted.flatMap((key) => {
        const entry = shown.get(key);
        return entry ? [[key, JSON.stringify(entry)] as const] : [];
      });
    },
    async take(document, entries, from) {
      open();
      const received = await receiving.take(document, entries, from);
      await duties.idle();
      return noted(document, received, from);
    },
    isHot(document) {
      const name = parseDocumentName(document);
      return name !== undefined && database.get<SegmentRow>(keys.segment(name.log))?.n === name.segment;
    },
    onUpdate(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onKey(listener) {
      onKeys.add(listener);
      return () => void onKeys.delete(listener);
    },
    async markSplit(document) {
      open();
      await receiving.inTurn(document, () => markSplit(document));
    },
    async idle() {
      await verifying.now();
      await duties.idle();
      await options.freshKey.idle();
    },
    async caughtUp() {
      const restored = database.get(keys.meta('restored')) === true;
      const joined = await database.getConfirmed<JoinedRow>(keys.meta('joined'));
      if (!restored && joined) return;
      const heads = await database.under<HeadRow>('v/head/');
      await commits.write(({ draft }) => {
        if (restored) draft.remove(keys.meta('restored'));
        if (!joined) draft.put(keys.meta('joined'), historyOf(heads, signer.id));
      });
    },
    equal: (publicKey, logs) => seen.equal(keyId(crypto, publicKey), logs),
    forget: (session) => receiving.forget(session),
    met: ({ session, ...who }) =>
      refusals.met(
        session,
        'publicKey' in who ? `replica ${keyId(crypto, who.publicKey)}` : `member ${who.handle}`,
      ),
    turnedAway: (document, reason, from) => void note(document, reason, from),
    refusals: () => refusals.now(),
    refused: kept,
    pads: options.pads,
    presence: options.presence,
    statements: options.statements,
    keyring: options.keyring,
    heads: options.heads,
    roster: () => rosterOf(context.membership.state),
    isSplit,
  };

  return {
    source,
    rekeyed() {
      refusals.rekeyed();
      for (const listener of [...onKeys]) listener();
    },
    shown(update) {
      digests.changed(update.document);
      for (const listener of [...listeners]) {
        try {
          listener(update);
        } catch {
          // What a session makes of it is its own affair: it is stored here.
        }
      }
    },
  };
}
