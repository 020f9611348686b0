import { acyclicLinks, type Hash, type LinkKind } from '../../../schemas/index.ts';
import { closesCycle, resolveLinks } from '../../fold/index.ts';
import type { LinkState, TaskState } from '../../fold/types.ts';
import { type CountersRow, keys } from '../commit/rows.ts';
import type { ViewContext } from './context.ts';
import { linkChanges } from './tasks.ts';

/** A link into a task, held or dropped. */
export interface LinkRow {
  readonly op: Hash;
  readonly stamp: string;
  readonly dropped?: true;
}

const directed = (kind: LinkKind): boolean => acyclicLinks.includes(kind);

/**
 * The link graph is one scope: links are taken by stamp, then hash, and one that would close a cycle is dropped.
 * A link newer than all others needs one search; a late one, or one that goes while others are dropped, resolves
 * the graph anew and tells what changed. Returns the tasks that something blocks now, or does not any more.
 */
export async function placeLinks(
  view: ViewContext,
  before: TaskState | undefined,
  after: TaskState,
): Promise<Set<Hash>> {
  const { added, removed } = linkChanges(before, after);
  const blocked = new Set([...added, ...removed].flatMap(({ kind, to }) => (kind === 'blocks' ? [to] : [])));
  if (added.length === 0 && removed.length === 0) return blocked;
  const { draft } = view;
  let anew = false;
  for (const link of removed) if (takeBack(view, link, after)) anew = true;
  for (const link of added) {
    const known = draft.get<LinkRow>(keys.link(link.to, link.kind, link.from));
    if (known && (known.stamp < link.stamp || (known.stamp === link.stamp && known.op <= link.op))) continue;
    const newest = link.stamp > counters(view).linkStamp;
    if (!directed(link.kind)) write(view, link, false);
    else if (newest && !anew) write(view, link, await closes(view, link));
    else {
      write(view, link, false);
      anew = true;
    }
    if (newest) setCounters(view, { linkStamp: link.stamp });
  }
  if (anew) for (const { kind, to } of await resolveAll(view)) if (kind === 'blocks') blocked.add(to);
  return blocked;
}

/** A link that was taken back goes, or makes room for another of the same. True when the graph must be resolved anew. */
function takeBack(view: ViewContext, link: LinkState, after: TaskState): boolean {
  const { draft } = view;
  const [first] = after.links
    .filter((other) => other.kind === link.kind && other.to === link.to)
    .sort(inOrder);
  if (first) {
    // The same link was made twice apart: the one that stays has another place in the order.
    if (draft.get<LinkRow>(keys.link(link.to, link.kind, link.from))?.op === first.op) return false;
    write(view, first, false);
    return directed(link.kind);
  }
  draft.remove(keys.link(link.to, link.kind, link.from));
  draft.remove(keys.edge(link.kind, link.from, link.to));
  draft.remove(keys.dropped(link.from, link.kind, link.to));
  return directed(link.kind) && counters(view).linksDropped > 0;
}

const inOrder = (a: LinkState, b: LinkState): number =>
  a.stamp === b.stamp ? (a.op < b.op ? -1 : 1) : a.stamp < b.stamp ? -1 : 1;

function write(view: ViewContext, link: LinkState, dropped: boolean): void {
  const { draft } = view;
  draft.put(keys.link(link.to, link.kind, link.from), {
    op: link.op,
    stamp: link.stamp,
    ...(dropped ? { dropped: true } : {}),
  } satisfies LinkRow);
  if (dropped) {
    draft.put(keys.dropped(link.from, link.kind, link.to), link.op);
    draft.remove(keys.edge(link.kind, link.from, link.to));
    setCounters(view, { linksDropped: counters(view).linksDropped + 1 });
  } else {
    draft.remove(keys.dropped(link.from, link.kind, link.to));
    if (directed(link.kind)) draft.put(keys.edge(link.kind, link.from, link.to), link.stamp);
  }
}

/** Whether a held path leads back from `to` to `from`: reads only the part of the graph that can be reached. */
async function closes(view: ViewContext, link: LinkState): Promise<boolean> {
  if (link.from === link.to) return true;
  const next = new Map<Hash, Hash[]>();
  const open = [link.to];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (next.has(id)) continue;
    const targets = (await view.draft.under(`v/edge/${link.kind}/${id}/`)).map(([key]) =>
      key.slice(key.lastIndexOf('/') + 1),
    );
    next.set(id, targets);
    open.push(...targets);
  }
  return closesCycle((id) => next.get(id) ?? [], link.from, link.to);
}

/** The whole graph anew. Returns the links that hold now and did not, or the other way round. */
async function resolveAll(view: ViewContext): Promise<LinkState[]> {
  const { draft } = view;
  const rows = await draft.under<LinkRow>('v/link/');
  const links: LinkState[] = rows.map(([key, row]) => {
    const [, , to = '', kind = '', from = ''] = key.split('/');
    return { from, kind: kind as LinkKind, to, op: row.op, stamp: row.stamp };
  });
  const { dropped } = resolveLinks(links.filter((link) => directed(link.kind)));
  const gone = new Set(dropped.map((link) => keys.link(link.to, link.kind, link.from)));
  setCounters(view, { linksDropped: 0 });
  const changed: LinkState[] = [];
  for (const [i, [key, row]] of rows.entries()) {
    const link = links[i];
    if (!link) continue;
    const isDropped = gone.has(key);
    if (isDropped !== (row.dropped === true)) {
      write(view, link, isDropped);
      view.revised(link.from, 'tasks');
      changed.push(link);
    } else if (isDropped) setCounters(view, { linksDropped: counters(view).linksDropped + 1 });
  }
  return changed;
}

function counters(view: ViewContext): CountersRow {
  const row = view.draft.get<CountersRow>(keys.meta('counters'));
  if (!row) throw new Error('a workspace without counters');
  return row;
}

function setCounters(view: ViewContext, change: Partial<CountersRow>): void {
  view.draft.put(keys.meta('counters'), { ...counters(view), ...change });
}
