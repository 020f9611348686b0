/** Constants of protocol 1. Changing one changes what honest replicas accept: it needs a new protocol version. */
export const limits = {
  /** Newest operation version that this code writes and understands. */
  operationVersion: 1,
  /** Canonical header, bytes. */
  headerBytes: 8 * 1024,
  /** A whole entry as JSON, bytes. */
  entryBytes: 128 * 1024,
  /** A message, comment, description or memory text, bytes of UTF-8. */
  textBytes: 64 * 1024,
  /** Titles of tasks and memory, bytes of UTF-8. */
  titleBytes: 1024,
  /** Members of a direct conversation. */
  conversation: 16,
  /** Causal heads an operation may name. */
  heads: 8,
  /** A remote stamp further ahead than this does not pull our clock, ms. */
  skew: 5 * 60 * 1000,
  /** A segment rolls at this many operations or bytes, whichever comes first. */
  segmentOperations: 1000,
  segmentBytes: 512 * 1024,
  /** Items of one page at most. */
  pageSize: 1000,
  /** Items of one page when nobody says. */
  pageDefault: 50,
} as const;
