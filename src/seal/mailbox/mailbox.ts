import type { SealedError } from '../../../schemas/sealed.ts';
import type { Crypto, Signer } from '../../op/index.ts';
import type { Store, Write } from '../../storage/port.ts';
import type { ToClient } from '../wire.ts';
import type { Counts } from './counts.ts';
import { createGather, type Gather } from './gather.ts';
import type { MailboxLimits } from './limits.ts';
import type { OwnSession } from './session.ts';
import { type Documented, documentWrite, headWrite, isAdmitted, type MailboxState } from './state.ts';
import type { Trims } from './trims.ts';

/** What a mailbox stands on. */
export interface MailboxOptions {
  readonly store: Store;
  readonly crypto: Pick<Crypto, 'sha256' | 'verify'>;
  /** The relay's own key. */
  readonly signer: Signer;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  readonly limits: MailboxLimits;
  readonly counts: Counts;
  /** Invites that are being registered, in any mailbox. */
  readonly claims: Set<string>;
  readonly trims: Pick<Trims, 'note'>;
  /** Whether who has this code may make a mailbox. */
  readonly mayCreate: (code: string) => boolean;
  /** Checks a proof of key for this mailbox that a session sends in place of the one before. */
  readonly prove: (token: string, mailbox: string) => Promise<Proven | { readonly refused: string }>;
  readonly onTrouble: (error: unknown) => void;
}

/** Whose key was proved. */
export interface Proven {
  readonly key: string;
  /** ms. */
  readonly expires: number;
}

/** Why something is not done: it is answered with the error. */
export class Refusal extends Error {
  readonly code: SealedError;
  constructor(code: SealedError, message: string) {
    super(message);
    this.code = code;
  }
}

/** One mailbox in memory, with its sessions. */
export interface Mailbox extends MailboxOptions {
  readonly state: MailboxState;
  readonly sessions: Set<OwnSession>;
  readonly gather: Gather;
  /** Marks rows that many changes share, to be written with the next batch. */
  dirty(document?: Documented): void;
  /** Writes and, when that is durable, does. */
  write(writes: readonly Write[], landed: () => void): void;
  /** Writes; resolves when that is durable. */
  writeNow(writes: readonly Write[]): Promise<void>;
  /** To all sessions that are admitted. */
  tell(message: ToClient): void;
  /** Ends sessions whose key is admitted no more. */
  sendAway(): void;
}

export interface OpenMailboxOptions extends MailboxOptions {
  readonly state: MailboxState;
  /** A commit was refused: what is in memory is not to be trusted. */
  readonly failed: (error: unknown) => void;
}

export function openMailbox({ state, failed, ...options }: OpenMailboxOptions): Mailbox {
  const sessions = new Set<OwnSession>();
  const changed = new Set<Documented>();
  let headChanged = false;

  const shared = (): Write[] => {
    const writes = [...changed].map((document) => documentWrite(state, document));
    changed.clear();
    if (headChanged) writes.push(headWrite(state));
    headChanged = false;
    return writes;
  };
  const gather = createGather({ store: options.store, shared, failed });

  return {
    ...options,
    state,
    sessions,
    gather,
    dirty(document) {
      headChanged = true;
      if (document) changed.add(document);
    },
    write: (writes, landed) => gather.add({ writes, landed }),
    writeNow: (writes) =>
      new Promise((landed, refused) => {
        gather.add({ writes, landed, refused });
      }),
    tell(message) {
      for (const session of sessions) if (session.phase === 'open') session.send(message);
    },
    sendAway() {
      for (const session of [...sessions])
        if (session.phase !== 'greeting' && !isAdmitted(state, session.key)) session.stranger();
    },
  };
}
