import type { Peer, PublicKey } from '../../schemas/index.ts';

/** What the process that listens for a replica tells it of where it is and of its links. */
export interface Host {
  /** Where it listens, best first. */
  readonly addresses: readonly string[];
  /** Its listening key, which peers pin. */
  readonly key: PublicKey;
  sign(bytes: Uint8Array): Promise<string>;
  /** All links, dialled and accepted. */
  peers(): Promise<readonly Peer[]>;
}
