/**
 * What a room needs of the document that it shows. Everything told or answered is durable: an update is announced, and a
 * state is given out, only after it would survive a power cut.
 */
export interface RoomDocument {
  /** The state vector: what a peer need not send. */
  vector(): Promise<Uint8Array>;
  /** What lies beyond a state vector, as an update. Throws `RangeError` for bytes that are no state vector. */
  diff(vector: Uint8Array): Promise<Uint8Array>;
  /**
   * Takes an update from a socket, by its number; `whole` says that it answers a first step, so that it is all that the
   * sender has. What becomes of it is told by the events, of one socket in order: `stored`, or `refused`.
   */
  receive(update: Uint8Array, from: number, whole: boolean): void;
  /** A socket is gone. What it sent stays. */
  left(from: number): void;
  /** Updates taken, and neither settled nor refused, bytes. When an event tells of one it does not count any more. */
  waiting(): number;
  /** Lets the document go, after its checkpoint. Nothing is told any more. */
  close(): Promise<void>;
}

export interface DocumentEvents {
  /** Became durable. `from`: the one socket that all of it came from. */
  update(update: Uint8Array, from: number | undefined): void;
  /** So many updates of a socket are settled: durable, or nothing new. */
  stored(from: number, count: number): void;
  /** The socket sent what nobody may send; nothing of that update was taken; `code` says why, 4422 unless said. */
  refused(from: number, reason: string, code?: number): void;
  /** What the socket sent rests on something that is not here: ask it for all that it has. */
  lacking(from: number): void;
  /** Whether a socket may write now, where the document itself does not say who may. */
  mayWrite(from: number): boolean;
  /** This side failed, or what is in memory can't be trusted any more: the room has to be loaded anew. */
  failed(error: unknown): void;
}

/** Where rooms find their documents. */
export interface Documents {
  /**
   * Loads a document, whole, before it resolves. Undefined when there is no such document and none may be made.
   * Rejects with a `CoterieError` or `StorageError` when it can't be read now.
   */
  open(name: string, events: DocumentEvents): Promise<RoomDocument | undefined>;
}
