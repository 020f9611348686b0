import type { Replica, Surface } from '../../../src/replica/surface.ts';

/** What both doors offer: the embedded replica, and the client of a node. */
export type Offered = Omit<Surface, 'member'> &
  Pick<Replica, 'import' | 'export' | 'backup' | 'compact' | 'doctor'>;

/** The verbs of an interface by path: `tasks.claim`, `search`. */
type Paths<T> = {
  [K in keyof T & string]: T[K] extends (...given: never) => unknown ? K : `${K}.${keyof T[K] & string}`;
}[keyof T & string];

export type Verb = Paths<Offered>;

/** A workspace whose first member, an owner, is kai. The cases share it, so each makes what it looks at. */
export interface World {
  readonly kai: Offered;
  /** As another member; the replica hosts it from its first write. */
  as(handle: string): Omit<Surface, 'member'>;
  /** A directory that goes when the test is over. */
  scratch(): string;
}

export interface Case {
  /** What the verb does, once at least. */
  does(world: World): Promise<void>;
  /** An error that it rejects with, of the closed list; or why it has none of its own. */
  readonly refuses: string | ((world: World) => Promise<unknown>);
}

export type Cases<V extends Verb = Verb> = { readonly [Each in V]: Case };
export type CasesOf<Group extends string> = Cases<Extract<Verb, `${Group}.${string}`>>;
