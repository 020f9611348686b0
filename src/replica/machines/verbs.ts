import type {
  ArbiterInfo,
  ArbiterMove,
  List,
  RemoteAdd,
  RemoteInfo,
  ReplicaInfo,
} from '../../../schemas/index.ts';
import type { PageOptions, WriteOptions } from '../surface.ts';

/** The verbs of a member that are about copies of the workspace: who has one, whom this one dials, which is the arbiter. */
export interface MachineVerbs {
  readonly replicas: {
    /** Every replica of the workspace, with its links to this one. */
    list(query?: PageOptions): Promise<List<ReplicaInfo>>;
    /** By id, or by name. What it wrote counts as far as it is here now; nothing after that does, anywhere. */
    revoke(
      replica: string,
      input?: { reason?: string | undefined },
      options?: WriteOptions,
    ): Promise<ReplicaInfo>;
  };

  /** Relays and nodes that the process which listens for this replica dials always. Without one: `unreachable`. */
  readonly remotes: {
    list(): Promise<List<RemoteInfo>>;
    /**
     * An admin does. Asks who answers there and keeps its key: rejects with `relay_changed` where another one answered
     * before, with `unreachable` where nobody does, with `exists`, and as a relay refuses a workspace.
     */
    add(input: RemoteAdd): Promise<RemoteInfo>;
    /** By its URL; an admin does. It is dialled no more, and what it holds stays there. */
    remove(url: string): Promise<RemoteInfo>;
  };

  readonly arbiter: {
    /** The replica that grants claims. */
    get(): Promise<ArbiterInfo>;
    /**
     * An admin has it handed over, on the replica that is the arbiter; or moves it with `force`, from any: then what the
     * old one granted and is not here counts no more, and whoever held it is told.
     */
    move(input: ArbiterMove, options?: WriteOptions): Promise<ArbiterInfo>;
  };
}
