import type {
  Admission,
  AdmissionRequest,
  Hash,
  Invitation,
  InviteCreate,
  InviteInfo,
  List,
  OwnReplica,
  OwnReplicaRequest,
  Package,
  Peer,
  RemoteInfo,
  ReplicaInfo,
  TicketKept,
} from '../../../schemas/index.ts';
import type { Host, Remoting } from '../../machines/host.ts';
import type { Signer } from '../../op/index.ts';
import type { PageOptions } from '../surface.ts';
import type { WorkspaceRow } from '../workspace/key.ts';
import type { Actor, Writing } from '../writing/context.ts';
import { countersign } from './admissions.ts';
import { enrol, type HostingRelay } from './enrol.ts';
import { createInvite, endAtRelay, type InviteOptions, packageOf } from './invites.ts';
import { type KeepTicketOptions, keepTicket } from './kept-tickets.ts';
import { createMembersLog } from './members-log.ts';
import { admitOwn } from './own-replica.ts';
import { remotingOf } from './remotes.ts';
import { listReplicas, revokeReplica } from './replicas.ts';
import { listInvites, revokeInvite } from './uninvite.ts';

interface MachinesDoor {
  countersign(invite: Hash, request: AdmissionRequest): Promise<Admission>;
  /** What a ticket of this node stands for, sealed. Rejects with `not_found`. */
  package(id: string): Promise<Package>;
  /** Keeps a ticket that another replica made, and countersigns who joins by it. */
  keepTicket(id: string, given: TicketKept): Promise<void>;
  /** Lets in another replica of the person whose machine this is. */
  admitOwn(handle: string, keys: OwnReplicaRequest): Promise<OwnReplica>;
}

/** The replica among others: who is in, who may come in, and what links it has. */
export interface Machines {
  /** The process that listens for it says so; one at a time. Returns what takes that back. */
  attach(host: Host): () => void;
  /** Where it listens; empty while nobody does. */
  addresses(): readonly string[];
  peers(): Promise<readonly Peer[]>;
  /** What is dialled always. Throws `unreachable` while nobody listens, `unsupported` where that is not this one's to say. */
  remotes(): Remoting;
  /** The same as they stand; none while nobody listens. */
  dialled(): readonly RemoteInfo[];
  /** Has a readable relay become a replica of the workspace, unless it is one. */
  enrol(actor: Actor, relay: HostingRelay): Promise<void>;
  invite(actor: Actor, input: InviteCreate, key: string | undefined): Promise<Invitation>;
  invites(query: PageOptions | undefined): Promise<List<InviteInfo>>;
  uninvite(actor: Actor, invite: string, key: string | undefined): Promise<InviteInfo>;
  /** What others ask of the replica, who need not be members. */
  readonly door: MachinesDoor;
  membersLog(): Promise<Admission['members']>;
  list(query: PageOptions | undefined): Promise<List<ReplicaInfo>>;
  revoke(
    actor: Actor,
    ref: string,
    input: { readonly reason?: string | undefined },
    key: string | undefined,
  ): Promise<ReplicaInfo>;
}

export function createMachines(options: {
  readonly writing: Writing;
  readonly signer: Signer;
  /** What others know comes in by it. */
  readonly source: KeepTicketOptions['source'] & { readonly keyring: InviteOptions['keyring'] };
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly row: WorkspaceRow;
  /** The user's configuration directory. */
  readonly config: string;
}): Machines {
  const { writing, signer, source, now } = options;
  const { keyring } = source;
  const membersLog = createMembersLog(writing.reading, writing.reading.workspace);
  let host: Host | undefined;
  const inviting = (): InviteOptions => ({ host, now, signer, keyring });
  const peers = async (): Promise<readonly Peer[]> => (await host?.peers()) ?? [];
  const countersigned = (invite: Hash, request: AdmissionRequest): Promise<Admission> =>
    countersign({ writing, signer, host, now, membersLog }, invite, request);
  return {
    attach(given) {
      host = given;
      return () => {
        if (host === given) host = undefined;
      };
    },
    addresses: () => host?.addresses ?? [],
    peers,
    remotes: () => remotingOf(host),
    dialled: () => host?.remotes?.list() ?? [],
    enrol: (actor, relay) =>
      enrol(
        { writing, actor, host, now, countersign: (invite, request) => countersigned(invite, request) },
        relay,
      ),
    invite: (actor, input, key) => createInvite(writing, actor, inviting(), input, key),
    invites: (query) => listInvites(writing.reading, query),
    async uninvite(actor, invite, key) {
      const ended = await revokeInvite(writing, actor, invite, key);
      // Replicas refuse who comes by it later; a relay that can be told need not let them in first.
      await endAtRelay(writing, inviting(), ended.id).catch(() => undefined);
      return ended;
    },
    door: {
      countersign: countersigned,
      package: (id) => packageOf(writing.reading, id),
      keepTicket: (id, given) => keepTicket({ writing, host, source }, id, given),
      admitOwn: (handle, keys) => admitOwn({ ...options, membersLog }, handle, keys),
    },
    membersLog,
    list: async (query) => listReplicas(writing.reading, await peers(), query),
    revoke: (actor, ref, input, key) => revokeReplica(writing, actor, ref, input, key),
  };
}
