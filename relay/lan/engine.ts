/** What is announced to a local network. */
export interface Announced {
  /** Random, new for each announcement: of the service, and of the host. */
  readonly name: string;
  readonly port: number;
  readonly text: Readonly<Record<string, string>>;
}

/**
 * Tells the local networks of some addresses that a service is there, and hears of others. Nothing that it hears is
 * trusted, and however much it is, it keeps a bounded amount of it. It never throws: what fails is told as `trouble`.
 */
export interface Engine {
  /** In place of what was announced before, if anything was. */
  announce(what: Announced): void;
  /** Asks who is there; also forgets who was. Each that answers is heard, also those that were heard before. */
  ask(): void;
  /** Takes back what was announced. */
  close(): Promise<void>;
}

export interface EngineEvents {
  /** Somebody announces a service of our type. `from`: the address that the packet came from, as far as it says so. */
  heard(text: Readonly<Record<string, unknown>>, from: string): void;
  trouble(error: unknown): void;
}

/** Opens an engine on the networks of these addresses of this machine. */
export type OpenEngine = (addresses: readonly string[], events: EngineEvents) => Engine;
