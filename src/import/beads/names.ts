import { ShortId } from '../../../schemas/index.ts';
import { type Ref, ref } from '../draft.ts';
import { mapName } from '../names.ts';
import { boundedSource } from '../sources.ts';
import type { Issue } from './shapes.ts';

export const issueSource = (id: string): string => boundedSource(`beads:${id}`);

/** Stands for everyone whom beads does not name, so that nothing looks as if the one who imports had done it. */
export const unknown = '';
const unknownSource = 'beads:unknown';
const unknownName = 'unknown (beads)';

export const actorSource = (name: string): string =>
  name.trim() === '' ? unknownSource : boundedSource(`beads:user:${name}`);
export const actorRef = (name: string | null | undefined): Ref => ref(actorSource(name ?? unknown));
export const actorName = (name: string): string => (name.trim() === '' ? unknownName : name);

/** Everyone named in the issues, with the time of what they did first, in order of name. */
export function actors(issues: readonly Issue[]): Map<string, number> {
  const first = new Map<string, number>();
  const meet = (name: string | null | undefined, at: number | null | undefined): void => {
    const key = (name ?? '').trim() === '' ? unknown : (name ?? '');
    const seen = first.get(key);
    if (seen === undefined || (at ?? seen) < seen) first.set(key, at ?? 0);
  };
  for (const issue of issues) {
    const at = issue.created_at;
    meet(issue.created_by, at);
    if (issue.assignee) meet(issue.assignee, issue.updated_at ?? at);
    if (issue.deleted_by) meet(issue.deleted_by, issue.deleted_at ?? at);
    for (const { author, created_at } of issue.comments ?? []) meet(author, created_at ?? at);
    for (const { created_by, created_at } of issue.dependencies ?? []) meet(created_by, created_at ?? at);
    // Nobody says who closed it or took it up.
    if (issue.status !== 'open') meet(unknown, issue.closed_at ?? issue.updated_at ?? at);
  }
  return new Map([...first].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * A short id for each issue: its own where it has the form of one (`bd-12`), else its prefix and a running number.
 * The issues are in order of creation, so that later ones take later numbers.
 */
export function shortIds(issues: readonly Issue[]): Map<string, string> {
  const shorts = new Map<string, string>();
  for (const { id } of issues) if (ShortId.safeParse(id).success) shorts.set(id, id);
  const taken = new Set(shorts.values());
  const next = new Map<string, number>();
  for (const { id } of issues) {
    if (shorts.has(id)) continue;
    const prefix = mapName(id.split('-')[0] ?? '', 32) || 'bd';
    let n = next.get(prefix) ?? 1;
    while (taken.has(`${prefix}-${n}`)) n++;
    next.set(prefix, n + 1);
    shorts.set(id, `${prefix}-${n}`);
  }
  return shorts;
}
