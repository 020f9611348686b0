import type { z } from 'zod';
import type {
  Acknowledged,
  ActivityItem,
  ActivityQuery,
  Admission,
  AdmissionRequest,
  CatchUp,
  CatchUpQuery,
  Channel,
  ChannelCreate,
  ChannelUpdate,
  Comment,
  DoctorReport,
  DocumentInfo,
  EventsQuery,
  ExportSummary,
  Group,
  GroupCreate,
  GroupUpdate,
  History,
  HistoryQuery,
  ImportSummary,
  Inbox,
  InboxQuery,
  Invitation,
  InviteCreate,
  InviteInfo,
  List,
  Member,
  MemberUpdate,
  Memory,
  MemoryQuery,
  MemoryUpdate,
  Message,
  MessageFlags,
  MessagePost,
  MessagesQuery,
  OwnReplica,
  OwnReplicaRequest,
  Package,
  Presence,
  PresenceQuery,
  PresenceSet,
  Progress,
  RecallQuery,
  Remember,
  Remembered,
  Reservation,
  ReservationRenew,
  ReservationsQuery,
  Reserve,
  RoleGrant,
  SearchAnswer,
  SearchPart,
  SearchQuery,
  SearchStreamQuery,
  Status,
  Task,
  TaskClaim,
  TaskCreate,
  TaskDecide,
  TaskLink,
  TaskMove,
  TaskRenew,
  TasksQuery,
  TaskUpdate,
  Thread,
  TicketKept,
  TypedEvent,
} from '../../schemas/index.ts';
import type { Host } from '../machines/host.ts';
import type { HostingRelay } from './machines/enrol.ts';
import type { MachineVerbs } from './machines/verbs.ts';

/** What every write takes besides its input. */
export interface WriteOptions {
  /** The client's idempotency key, 1 to 256 characters, scoped to the member, kept for ever: a repeat answers the first. */
  readonly key?: string | undefined;
}

/** What a write takes that may have to wait for the arbiter. */
export interface WaitOptions extends WriteOptions {
  /** Once it aborts, the verb rejects with its reason, and what it asked for is withdrawn or given back. */
  readonly signal?: AbortSignal | undefined;
}

export interface PageOptions {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** How an event stream begins and what it holds. */
export type EventsOptions = z.infer<typeof EventsQuery> & { readonly signal?: AbortSignal | undefined };

export interface LongWork {
  readonly progress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The verbs, as one member. Every method resolves after what it wrote is durable, and rejects with a `CoterieError`
 * of the closed list (`schemas/errors.ts`). A channel is named by name or id, a task by short id or id, a message or
 * memory by id, memory also by key, a member by handle or id. Inputs are checked against the schemas.
 */
export interface Surface extends MachineVerbs {
  /** The member that speaks. Undefined until its first write made it. */
  readonly member: { readonly handle: string; readonly id: string };

  readonly channels: {
    list(
      query?: PageOptions & { archived?: boolean | undefined; direct?: boolean | undefined },
    ): Promise<List<Channel>>;
    get(channel: string): Promise<Channel>;
    create(input: z.infer<typeof ChannelCreate>, options?: WriteOptions): Promise<Channel>;
    update(channel: string, input: z.infer<typeof ChannelUpdate>, options?: WriteOptions): Promise<Channel>;
  };

  readonly messages: {
    post(channel: string, input: MessagePost, options?: WriteOptions): Promise<Message>;
    list(channel: string, query?: MessagesQuery): Promise<List<Message>>;
    get(id: string): Promise<Message>;
    thread(id: string, query?: PageOptions): Promise<Thread>;
    edit(
      id: string,
      input: { text: string; base?: string[] | undefined },
      options?: WriteOptions,
    ): Promise<Message>;
    /** Also removes the text of a comment, a task, a memory or a reservation, by its id. */
    redact(
      id: string,
      input?: { reason?: string | undefined },
      options?: WriteOptions,
    ): Promise<{ id: string; operation: string }>;
    react(id: string, emoji: string, options?: WriteOptions): Promise<Message>;
    unreact(id: string, emoji: string, options?: WriteOptions): Promise<Message>;
    /**
     * Pins or unpins; resolves or reopens the thread that it is in; or says what this member wants to be told of that
     * thread. Answers the message, or the first one of the thread.
     */
    flag(id: string, input: MessageFlags, options?: WriteOptions): Promise<Message>;
  };

  readonly tasks: {
    create(input: TaskCreate, options?: WriteOptions): Promise<Task>;
    list(query?: TasksQuery): Promise<List<Task>>;
    /** What can be begun: by priority, then due, then age. */
    ready(query?: PageOptions): Promise<List<Task>>;
    get(id: string): Promise<Task>;
    update(id: string, input: TaskUpdate, options?: WriteOptions): Promise<Task>;
    /**
     * Adds `evidence` with the move. A blocked task waits for `on`, else for what blocks it, and is what it was once
     * nothing blocks it any more; without either it needs a reason.
     */
    move(id: string, input: z.infer<typeof TaskMove>, options?: WriteOptions): Promise<Task>;
    /**
     * With `need: "granted"` it waits for the arbiter; rejects with `held` where another was granted it, and with
     * `not_certain` after `timeout` ms: then nothing is left of the claim, nor where `signal` aborts before it resolves.
     */
    claim(id: string, input?: z.infer<typeof TaskClaim>, options?: WaitOptions): Promise<Task>;
    /**
     * A longer lease; a granted one is the arbiter's to say. Writes nothing while more than half of it is left. While the
     * session lives the arbiter makes it longer unasked. Rejects with `not_held` and what may be done instead.
     */
    renew(id: string, input?: z.infer<typeof TaskRenew>, options?: WriteOptions): Promise<Task>;
    /**
     * Takes the result of a task in review, or a contested one; or sends the task back into work, with a reason. The
     * reviewer does, who made the task where it has none, or an admin.
     */
    decide(id: string, input: z.infer<typeof TaskDecide>, options?: WriteOptions): Promise<Task>;
    release(id: string, input?: { reason?: string | undefined }, options?: WriteOptions): Promise<Task>;
    link(id: string, input: z.infer<typeof TaskLink>, options?: WriteOptions): Promise<Task>;
    unlink(id: string, input: z.infer<typeof TaskLink>, options?: WriteOptions): Promise<Task>;
    comment(id: string, input: { text: string }, options?: WriteOptions): Promise<Comment>;
    comments(id: string, query?: PageOptions): Promise<List<Comment>>;
  };

  readonly memory: {
    remember(input: Remember, options?: WriteOptions): Promise<Remembered>;
    list(query?: MemoryQuery): Promise<List<Memory>>;
    get(idOrKey: string): Promise<Memory>;
    update(idOrKey: string, input: MemoryUpdate, options?: WriteOptions): Promise<Remembered>;
    forget(idOrKey: string, options?: WriteOptions): Promise<Memory>;
  };

  /** Who means to change which paths. Advisory: others see it, and nothing is refused but bad input. */
  readonly reservations: {
    /**
     * Answers what others hold of the same paths in `conflicts`. What one holds with the same globs and task is renewed,
     * unless another reason is given. Rejects with `invalid` for a glob that is none, naming the column.
     */
    reserve(input: Reserve, options?: WriteOptions): Promise<Reservation>;
    /** Newest first. */
    list(query?: ReservationsQuery): Promise<List<Reservation>>;
    get(id: string): Promise<Reservation>;
    /** From now on. Rejects with `not_held` when an operation ended it. */
    renew(id: string, input?: ReservationRenew, options?: WriteOptions): Promise<Reservation>;
    /** One's own; an admin any. What is over is left alone. */
    release(id: string, options?: WriteOptions): Promise<Reservation>;
  };

  readonly members: {
    list(query?: PageOptions & { imported?: boolean | undefined }): Promise<List<Member>>;
    get(member: string): Promise<Member>;
    /** Changes oneself. */
    update(input: z.infer<typeof MemberUpdate>, options?: WriteOptions): Promise<Member>;
    /**
     * Gives a member a role: an admin does, for `owner` and to an owner an owner. Of one that is lowered what it wrote as far
     * as it is here stands; what it writes after that needs the new role, on every replica.
     */
    grant(member: string, input: RoleGrant, options?: WriteOptions): Promise<Member>;
  };

  readonly groups: {
    /** By handle. */
    list(query?: PageOptions): Promise<List<Group>>;
    /** A named set of members, by handle or id; `@handle` calls each. Rejects with `exists` where the handle calls somebody. */
    create(input: GroupCreate, options?: WriteOptions): Promise<Group>;
    update(group: string, input: GroupUpdate, options?: WriteOptions): Promise<Group>;
  };

  readonly invites: {
    /** Makes a ticket by which another machine joins; an admin does. */
    create(input?: InviteCreate, options?: WriteOptions): Promise<Invitation>;
    /** Every invite of the workspace, without its ticket. */
    list(query?: PageOptions): Promise<List<InviteInfo>>;
    /** By id. Nobody new comes in by it, anywhere; who came in stays. Who made it revokes it, or an admin. */
    revoke(invite: string, options?: WriteOptions): Promise<InviteInfo>;
  };

  readonly documents: {
    /** The log documents that are here, by log and segment: what a Yjs client can open. */
    list(query?: PageOptions & { log?: string | undefined }): Promise<List<DocumentInfo>>;
  };

  readonly presence: {
    /** Says what this member does; to be said again within `ttl`. Nobody says it for another, and nothing is stored. */
    set(input: PresenceSet): Promise<Presence>;
    /** Everybody who can speak, who does something first. */
    list(query?: PresenceQuery): Promise<List<Presence>>;
  };

  search(query: SearchQuery): Promise<SearchAnswer>;
  /**
   * Everything that the words of a query find, newest first, in parts that are made as they are taken; the last has
   * `more: false`. Ends early when the signal aborts; leaving the loop ends the work too.
   */
  searchStream(
    query: SearchStreamQuery,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncIterable<SearchPart>;
  /** Memory only. */
  recall(query: RecallQuery): Promise<SearchAnswer>;
  /** The present end of the feed, or every event beyond `since`, then live. Ends when the signal aborts or the replica closes. */
  events(options?: EventsOptions): AsyncIterable<TypedEvent>;
  /** What happened, newest first; what one member did of one kind in a row is one item with a count. */
  activity(query?: ActivityQuery): Promise<List<ActivityItem>>;
  /**
   * Every operation on a thing, rejected ones too, in causal order, and what they make of it field by field. With `at` a
   * time: what was made until then by the clocks of who made it; a cursor: what had counted here until then.
   */
  history(id: string, query?: HistoryQuery): Promise<History>;
  catchUp(query?: CatchUpQuery): Promise<CatchUp>;
  /** What needs the member, the oldest first. Reading it acknowledges nothing. */
  inbox(query?: InboxQuery): Promise<Inbox>;
  /** How many items the inbox has; cheap enough to ask after every call. */
  waiting(): Promise<{ open: number }>;
  /** Exactly one of these: a receipt, operations, or inbox items by id or by a beginning of it. */
  acknowledge(input: {
    receipt?: string | undefined;
    operations?: string[] | undefined;
    items?: string[] | undefined;
  }): Promise<Acknowledged>;
  status(): Promise<Status>;
}

/** One local copy of a workspace, open. Its own verbs speak as the member it was opened with. */
export interface Replica extends Surface {
  readonly workspace: { readonly id: string; readonly name: string };
  readonly id: string;
  readonly directory: string;
  /** The same verbs as another member that this replica hosts; one that does not exist yet is made at its first write. */
  as(handle: string): Surface;
  import(
    request: { format: 'slack' | 'beads' | 'reflectt' | 'coterie'; path: string },
    work?: LongWork,
  ): Promise<ImportSummary>;
  export(request: { directory: string }, work?: LongWork): Promise<ExportSummary>;
  /** A consistent copy of the data directory, while running. */
  backup(request: { directory: string }, work?: LongWork): Promise<{ directory: string; bytes: number }>;
  /** Checkpoints everything, trims the journal, removes purged text from disk. With `keep` trims the feed to that many events. */
  compact(
    request?: { keep?: number | undefined },
    work?: LongWork,
  ): Promise<{ before: number; after: number }>;
  doctor(work?: LongWork): Promise<DoctorReport>;
  /** Countersigns the admission of who joins by a ticket that this replica gave out. */
  countersign(invite: string, request: AdmissionRequest): Promise<Admission>;
  /** What a ticket that this replica gave out stands for, sealed. Rejects with `not_found`. */
  package(id: string): Promise<Package>;
  /** Keeps a ticket that another replica made, whose countersigner is the listener of this one. */
  keepTicket(id: string, given: TicketKept): Promise<void>;
  /** The members log, causes first: by it others know who is in. */
  membersLog(): Promise<Admission['members']>;
  /**
   * Lets in another replica of the person whose machine this is, in a place that has no secret of it: its page. Rejects with
   * `forbidden` for any other member: a replica may speak for each member of its machine.
   */
  admitOwn(handle: string, keys: OwnReplicaRequest): Promise<OwnReplica>;
  /** Has a readable relay become a replica of the workspace, unless it is one, as the member it was opened with. */
  enrol(relay: HostingRelay): Promise<void>;
  /** The process that listens for this replica says where, and tells of its links. Returns what takes that back. */
  attach(host: Host): () => void;
  close(): Promise<void>;
}
