import type { ImportSummary, OperationTypeName, Progress } from '../../schemas/index.ts';

/**
 * Stands where an id goes, until the operation that it names is written: the `ref` of an earlier draft, or
 * `default:<name>` for one of the five channels that every workspace has.
 */
export type Ref = { readonly $ref: string };

/** The log in which a draft is to be written. */
export type DraftLog =
  | { readonly kind: 'members' | 'channels' | 'tasks' | 'memory' }
  | { readonly kind: 'channel'; readonly channel: Ref }
  /** A direct conversation, by all that are in it. */
  | { readonly kind: 'direct'; readonly members: readonly Ref[] };

/** One operation to write. Refers to earlier drafts only. */
export interface Draft {
  /** Unique in the import; always equal to `imported.source`, so that a repeated import finds what it names. */
  readonly ref: string;
  readonly log: DraftLog;
  readonly type: OperationTypeName;
  /** Absent in a creation. */
  readonly subject?: Ref;
  /** As the type's schema says, but with a `Ref`, at any depth, wherever an id goes. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Text, without the salt. */
  readonly body?: Readonly<Record<string, string>>;
  /** `at` in ms. Without an author nobody in particular did it there. */
  readonly imported: { readonly at: number; readonly source: string; readonly author?: Ref };
}

/** Something that was read and not written as it stood. */
export type SetAside = ImportSummary['setAside'][number];

export const ref = (name: string): Ref => ({ $ref: name });

/** The reference of one of the five channels that every workspace has. */
export const defaultRef = (name: string): Ref => ref(`default:${name}`);

export const isDraft = (item: Draft | SetAside): item is Draft => 'ref' in item;

/** Reads one source, once. It knows no replica: what it yields depends on its input alone. */
export interface Importer {
  /** `slack`, `beads`, `reflectt` or `coterie`. */
  readonly format: string;
  /** What was read so far, a noun and its count. */
  readonly read: Readonly<Record<string, number>>;
  /**
   * What to write, in order. The whole input is checked before the first draft, so that a damaged one writes nothing.
   * @throws {CoterieError} `import_invalid` naming the file and the place in it, or `import_unsafe`
   */
  drafts(signal?: AbortSignal): AsyncIterable<Draft | SetAside>;
  /** How far the reading is. */
  progress(): Progress;
}

/** What became of a draft. `present`: its source exists already; `id` is then the existing thing's. */
export type Written =
  | { readonly ref: string; readonly id: string; readonly state: 'written' | 'present' }
  | { readonly ref: string; readonly id?: string; readonly state: 'rejected'; readonly reason: string };

/** Turns drafts into operations. */
export interface ImportSink {
  /**
   * Writes the drafts in order, durably, and answers one result each, in the same order. A draft that refers to
   * something unknown or rejected is rejected too.
   * @throws {CoterieError} when nothing more can be written (`disk_full`, `closed` …)
   */
  write(drafts: readonly Draft[]): Promise<readonly Written[]>;
}
