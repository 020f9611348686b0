import type { Peer, PublicKey, RemoteAdd, RemoteInfo } from '../../schemas/index.ts';

/** Relays and nodes that a process dials always; they are known at its next start. */
export interface Remoting {
  list(): readonly RemoteInfo[];
  /**
   * Asks who answers there, and keeps it; `enrol` has a relay take the workspace first, where it must be asked. Rejects as
   * `Surface.remotes.add` does.
   */
  add(input: RemoteAdd, enrol: (relay: RemoteAdd) => Promise<void>): Promise<RemoteInfo>;
  /** What it was. Rejects with `not_found`. */
  remove(url: string): Promise<RemoteInfo>;
}

/** What the process that listens for a replica tells it of where it is and of its links. */
export interface Host {
  /** Where it listens, best first. */
  readonly addresses: readonly string[];
  /** Its listening key, which peers pin. */
  readonly key: PublicKey;
  sign(bytes: Uint8Array): Promise<string>;
  /** All links, dialled and accepted. */
  peers(): Promise<readonly Peer[]>;
  /** Undefined where nobody may have it dial others. */
  readonly remotes?: Remoting | undefined;
}
