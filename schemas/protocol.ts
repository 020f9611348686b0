/** The wire of `/mux`: constants of protocol 1, listed in docs/spec/sync.md. */
export const muxProtocol = {
  /** Versions that this code speaks, best first. */
  versions: [1],
  magic: 'coterie',
  /** What this code takes beside what every peer of protocol 1 does; a peer is sent nothing that it did not name. */
  capabilities: ['presence', 'heads'],
  /** A frame, bytes. */
  frameBytes: 2 * 1024 * 1024,
  /** A Yjs update in a frame, bytes; a larger one is sent as several. */
  updateBytes: 1024 * 1024,
  /** A state vector in a frame, bytes: more than 6,000 clients; who has a larger one asks for everything. */
  vectorBytes: 64 * 1024,
  /** A frame of a plain session on `/sync`, bytes. */
  plainFrameBytes: 16 * 1024 * 1024,
  /** Documents that are open at a time in a session. */
  documents: 4096,
  /** Bytes that wait in a transport before updates are held back. */
  congestedBytes: 4 * 1024 * 1024,
  /** Bytes of updates that were received and are not durable yet, before the transport is paused. */
  inboundBytes: 16 * 1024 * 1024,
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
  /** Reserved for tickets. */
  join: 10,
  /** Reserved for tickets. */
  admitted: 11,
  /** Signed statements of how far mailboxes of sealed relays were read; to a peer whose hello names the capability alone. */
  heads: 12,
  /** The key is not known here: send what admits it. */
  ask: 13,
  credentials: 14,
  /** The inventory that was asked for is complete. */
  listed: 15,
  /** Everything that differed has been exchanged. */
  synced: 16,
  /** How many messages with data of this session are durable here. */
  stored: 17,
  /** Signed statements of who is present; to a peer whose hello names the capability alone. */
  presence: 18,
} as const;

/** Messages of a document: those of y-protocols, then ours. */
export const documentMessage = {
  sync: 0,
  /** On `/sync` alone: how many updates of this connection are durable here. */
  stored: 120,
  digest: 121,
  keys: 122,
  want: 123,
  entries: 124,
} as const;

/** Kinds of `documentMessage.sync`, as y-protocols numbers them. */
export const syncMessage = { step1: 0, step2: 1, update: 2 } as const;

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
  /** Nothing was heard for too long. */
  silent: 4408,
  /** It has this replica's own key. */
  self: 4409,
  /** Another session with the same peer stays. */
  duplicate: 4410,
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
  /** The side that dialled goes on without this link. */
  letGo: 4502,
} as const;
