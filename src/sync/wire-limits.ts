import type { Told } from './wire.ts';

/** What the byte `told` of `segments` means. */
export const toldCodes: readonly Told[] = ['asked', 'changed', 'heard'];

/**
 * Items of one message at most; longer lists are sent as several messages. Each is read and acted on in one piece, so
 * what a stranger may send unasked is short.
 */
export const wireLimits = {
  versions: 16,
  capabilities: 64,
  credentials: 16,
  /** Characters of a name of a log, a document or a capability, and of a reason. */
  name: 128,
  reason: 256,
  logs: 1_000,
  segments: 20_000,
  keys: 4_096,
  statements: 64,
  /** Bytes of a statement as JSON: a note of control characters alone is escaped. */
  statement: 4096,
  heads: 16,
  /** Bytes of a statement of heads as JSON. */
  head: 16 * 1024,
  /** Bytes of an entry as JSON: twice the limit of an entry, since it need not be canonical. */
  entry: 256 * 1024,
} as const;
