import type { LinkKind, Priority, TaskStatus } from '../../../schemas/index.ts';

// The tables of docs/import.md.

interface StatusRule {
  readonly to: TaskStatus;
  readonly label?: true;
}

/** Where a status leads. What does not say all of it is kept in the label `status:<status>`. */
export const statuses: Readonly<Record<string, StatusRule>> = {
  open: { to: 'todo' },
  in_progress: { to: 'doing' },
  hooked: { to: 'doing', label: true },
  pinned: { to: 'doing', label: true },
  blocked: { to: 'blocked' },
  deferred: { to: 'blocked', label: true },
  closed: { to: 'done' },
  tombstone: { to: 'cancelled', label: true },
};

/** The rule for a status. Whatever one that a team added means, the task is not free to take. */
export const statusOf = (status: string): StatusRule =>
  (Object.hasOwn(statuses, status) ? statuses[status] : undefined) ?? { to: 'blocked', label: true };

/** Priority 4, the backlog, has no equal: `P3` and the label `priority:4`. */
export const priorities: readonly Priority[] = ['P0', 'P1', 'P2', 'P3', 'P3'];

export interface LinkRule {
  readonly kind: LinkKind;
  /** True where the issue that is depended on is the one that links: "A depends on B" is "B blocks A". */
  readonly turned: boolean;
  /** Set where the kind is not an equal. */
  readonly note?: true;
}

export const links: Readonly<Record<string, LinkRule>> = {
  blocks: { kind: 'blocks', turned: true },
  'parent-child': { kind: 'parent', turned: true },
  'discovered-from': { kind: 'discovered-from', turned: false },
  related: { kind: 'related', turned: false },
  'relates-to': { kind: 'related', turned: false },
  duplicates: { kind: 'duplicates', turned: false },
  // beads links the old issue to the one that replaces it.
  supersedes: { kind: 'supersedes', turned: true },
  'waits-for': { kind: 'blocks', turned: true, note: true },
  'conditional-blocks': { kind: 'blocks', turned: true, note: true },
  'replies-to': { kind: 'related', turned: false, note: true },
};

/** Kinds that say something else of two issues. */
export const otherLink: LinkRule = { kind: 'related', turned: false, note: true };
