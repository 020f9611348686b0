/** The wire of `/mux`: constants of protocol 1, listed in docs/spec/sync.md. */
export const muxProtocol = {
  /** Versions that this code speaks, best first. */
  versions: [1],
  magic: 'coterie',
  /** A frame, bytes. */
  frameBytes: 2 * 1024 * 1024,
  /** A Yjs update in a frame, bytes; a larger one is sent as several. */
  updateBytes: 1024 * 1024,
  /** A frame of a plain session on `/sync`, bytes. */
  plainFrameBytes: 16 * 1024 * 1024,
} as const;

/** Control messages, under alias 0. */
export const control = {
  hello: 0,
  prove: 1,
  root: 2,
  logs: 3,
  segments: 4,
  name: 5,
  close: 6,
  ping: 7,
  pong: 8,
  bye: 9,
  join: 10,
  admitted: 11,
  heads: 12,
} as const;

/** Messages of a document: those of y-protocols, then ours. */
export const documentMessage = {
  sync: 0,
  stored: 120,
  digest: 121,
  keys: 122,
  want: 123,
  entries: 124,
} as const;

/** Why a session was closed, as WebSocket close codes. */
export const closeCodes = {
  /** A frame that cannot be read, or a message out of turn. */
  malformed: 4400,
  /** The signature of the other's key does not hold. */
  unproven: 4401,
  /** Its key is no replica of this workspace. */
  stranger: 4403,
  /** Another workspace. */
  workspace: 4404,
  /** No common protocol version. */
  version: 4406,
  /** It has this replica's own key. */
  self: 4409,
  /** A frame over the limit. */
  tooLarge: 4413,
  /** An update that no honest replica sends. */
  refused: 4422,
  /** Too many sessions or too much waiting. */
  busy: 4429,
  /** This side failed. */
  failed: 4500,
  /** This side is closing. */
  goingAway: 4501,
} as const;
