/** Bounds of one mailbox and of each of its sessions. */
export interface MailboxLimits {
  /** Bytes of records. */
  readonly bytes: number;
  readonly documents: number;
  readonly records: number;
  /** Invites that were ever registered: none is forgotten, or it could be registered anew with more uses. */
  readonly invites: number;
  /** Keys that came in by invites and are on no list yet. */
  readonly joined: number;
  /** Letters that nobody took. */
  readonly letters: number;
  /** Of those, letters for one key. */
  readonly lettersForOne: number;
  readonly sessions: number;
  readonly sessionsOfKey: number;
  /** Bytes of records of a session that are not durable yet, before it is read no more. */
  readonly inboundBytes: number;
  /** Questions of a session that wait for their answers, before it is read no more. */
  readonly questions: number;
  /** Bytes that wait in a transport before records are held back. */
  readonly congestedBytes: number;
  /**
   * Frames that a session may send at once, and each second. A large one counts as one for each 4 KiB, a signature to
   * check as many.
   */
  readonly burst: number;
  readonly perSecond: number;
  readonly signature: number;
  /** How long one that is alone waits before its own snapshot lets go what it stands for, ms. */
  readonly alone: number;
  /** How long a mailbox that nobody uses stays in memory, ms. */
  readonly idle: number;
}

const day = 24 * 60 * 60 * 1000;

export const usualLimits: MailboxLimits = {
  bytes: 1024 ** 3,
  documents: 65_536,
  records: 4_000_000,
  invites: 4_096,
  joined: 1_024,
  letters: 1_024,
  lettersForOne: 64,
  sessions: 512,
  sessionsOfKey: 8,
  inboundBytes: 8 * 1024 * 1024,
  questions: 64,
  congestedBytes: 4 * 1024 * 1024,
  burst: 50_000,
  perSecond: 10_000,
  signature: 50,
  alone: 7 * day,
  idle: 60_000,
};
