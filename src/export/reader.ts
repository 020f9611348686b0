import type { Channel, Comment, Member, Memory, Message, Person, Task } from '../../schemas/index.ts';

// What an export reads. Values are those of the API (schemas/api), with what those lack. Two rules make the files
// the same wherever the history was brought in:
// - a time or an author is the one of `imported` where the operation has it, never that of the one who imported;
// - handles, names and short ids are as they were written, without what tells twins apart here.
// Every list may come in any order, but for messages.

/** `imported.source` of the operation that made the thing, when it has one. */
interface Sourced {
  readonly source?: string | undefined;
}

export type ExportMember = Pick<Member, 'id' | 'handle' | 'name' | 'kind' | 'created' | 'imported'> & Sourced;

export type ExportChannel = Pick<Channel, 'id' | 'name' | 'topic' | 'archived' | 'direct'> &
  Sourced & {
    /** First name of one of the five channels that every workspace has. */
    readonly default?: string | undefined;
    /** A direct conversation that was begun by a message: it has no name, and is there by who is in it. */
    readonly addressed?: true | undefined;
    /** When it was made, ISO; null for one of the five, and for a conversation. */
    readonly at: string | null;
    /** How many agents may answer each other in a row, where it was set. */
    readonly hops?: number | undefined;
  };

/** Everyone present is a mention whose id is `here`. `removed` says who removed it there, and when. */
export type ExportMessage = Pick<
  Message,
  | 'id'
  | 'author'
  | 'text'
  | 'at'
  | 'thread'
  | 'answers'
  | 'mentions'
  | 'references'
  | 'files'
  | 'reactions'
  | 'replies'
  | 'pinned'
  | 'resolved'
  | 'removed'
  | 'imported'
>;

/** One that stands: one of each emoji and member on a message. */
export interface ExportReaction extends Sourced {
  /** The operation's. */
  readonly id: string;
  readonly message: string;
  readonly emoji: string;
  readonly by: Person;
  readonly at: string;
}

export type ExportTask = Pick<
  Task,
  | 'id'
  | 'short'
  | 'title'
  | 'description'
  | 'criteria'
  | 'status'
  | 'priority'
  | 'assignee'
  | 'reviewer'
  | 'labels'
  | 'due'
  | 'evidence'
  | 'creator'
  | 'created'
  | 'removed'
  | 'imported'
> & {
  /** The move that gave it its status; null when it has the one that it was made with. */
  readonly moved: {
    readonly at: string;
    /** Null when it was imported without an author. */
    readonly by: Person | null;
    readonly reason: string | null;
  } | null;
};

/** One that stands and closes no cycle. */
export interface ExportLink extends Sourced {
  /** The operation's. */
  readonly id: string;
  readonly from: string;
  readonly kind: Task['links'][number]['kind'];
  readonly to: string;
  readonly by: Person | null;
  readonly at: string;
}

export type ExportComment = Pick<
  Comment,
  'id' | 'task' | 'author' | 'text' | 'at' | 'mentions' | 'removed' | 'imported'
>;

/** `by` and `at` are those of the version that shows. */
export type ExportMemory = Pick<
  Memory,
  | 'id'
  | 'key'
  | 'title'
  | 'text'
  | 'tags'
  | 'kind'
  | 'sources'
  | 'expires'
  | 'supersedes'
  | 'forgotten'
  | 'by'
  | 'at'
  | 'removed'
  | 'imported'
>;

/** Reads a workspace from its beginning to its present end. */
export interface ExportReader {
  /** The workspace's id. */
  readonly workspace: string;
  /** All of them, also those who never did anything. */
  members(): AsyncIterable<ExportMember>;
  /** All of them, archived ones and the five defaults too. */
  channels(): AsyncIterable<ExportChannel>;
  /** A channel's messages, removed ones too; the first of a thread comes before its replies. */
  messages(channel: string): AsyncIterable<ExportMessage>;
  reactions(channel: string): AsyncIterable<ExportReaction>;
  tasks(): AsyncIterable<ExportTask>;
  links(): AsyncIterable<ExportLink>;
  comments(): AsyncIterable<ExportComment>;
  /** All of it, forgotten ones too. */
  memory(): AsyncIterable<ExportMemory>;
  /** `imported.source` of the operation with this id, if it has one; asked for what is referred to from elsewhere. */
  source(id: string): Promise<string | undefined>;
}
