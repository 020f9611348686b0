import { acyclicLinks, type LinkKind } from '../../../schemas/index.ts';
import { type Draft, ref, type SetAside } from '../draft.ts';
import { linkSource } from '../sources.ts';
import { actorRef, issueSource } from './names.ts';
import type { Dependency, Issue } from './shapes.ts';
import { links, otherLink } from './tables.ts';

interface Link {
  readonly kind: LinkKind;
  readonly from: string;
  readonly to: string;
}

/** Links that were taken so far, and what they allow. */
function makeGraph() {
  const taken = new Set<string>();
  const next = new Map<string, string[]>();
  const parents = new Set<string>();
  const name = ({ kind, from, to }: Link): string =>
    kind === 'related' && to < from ? `${kind} ${to} ${from}` : `${kind} ${from} ${to}`;

  const reaches = (kind: LinkKind, from: string, to: string): boolean => {
    const seen = new Set([from]);
    for (const id of seen) {
      if (id === to) return true;
      for (const further of next.get(`${kind} ${id}`) ?? []) seen.add(further);
    }
    return false;
  };

  return {
    has: (link: Link) => taken.has(name(link)),
    hasParent: (child: string) => parents.has(child),
    closesCycle: ({ kind, from, to }: Link) => acyclicLinks.includes(kind) && reaches(kind, to, from),
    add(link: Link): void {
      taken.add(name(link));
      if (link.kind === 'parent') parents.add(link.to);
      const key = `${link.kind} ${link.from}`;
      next.set(key, [...(next.get(key) ?? []), link.to]);
    },
  };
}

/** Every dependency, oldest first, as a link, or set aside with the reason why not. */
export function* mapLinks(issues: readonly Issue[]): Generator<Draft | SetAside> {
  const known = new Set(issues.map((issue) => issue.id));
  const graph = makeGraph();
  const all = issues.flatMap((issue) =>
    (issue.dependencies ?? []).map((dependency) => ({
      dependency,
      issue: dependency.issue_id || issue.id,
      at: dependency.created_at ?? issue.created_at ?? 0,
    })),
  );
  const key = (d: (typeof all)[number]): string =>
    `${d.issue} ${d.dependency.depends_on_id} ${d.dependency.type}`;
  all.sort((a, b) => a.at - b.at || (key(a) < key(b) ? -1 : 1));

  for (const { dependency, issue, at } of all) {
    const { depends_on_id: target, type } = dependency;
    const source = `${issueSource(issue)}:${type}:${target}`;
    const aside = (reason: string): SetAside => ({ what: 'dependency', source, reason });
    const missing = [issue, target].find((id) => !known.has(id));
    if (missing !== undefined) {
      yield aside(`${missing} is not in the file`);
      continue;
    }
    if (issue === target) {
      yield aside('links the issue to itself');
      continue;
    }
    const { link, note } = choose(dependency, issue, graph.hasParent(issue));
    if (graph.has(link)) {
      yield aside(`the same link stands there already: ${link.from} ${link.kind} ${link.to}`);
      continue;
    }
    if (graph.closesCycle(link)) {
      yield aside(`would close a cycle: ${link.from} ${link.kind} ${link.to}`);
      continue;
    }
    graph.add(link);
    if (note !== undefined) yield aside(note);
    const from = issueSource(link.from);
    const to = issueSource(link.to);
    const own = linkSource(from, link.kind, to);
    yield {
      ref: own,
      log: { kind: 'tasks' },
      type: 'task.link',
      subject: ref(from),
      data: { kind: link.kind, to: ref(to) },
      imported: { at, source: own, author: actorRef(dependency.created_by) },
    };
  }
}

/** The link that a dependency becomes, and a note where it is not an equal. */
function choose(
  { type, depends_on_id: target }: Dependency,
  issue: string,
  hasParent: boolean,
): { link: Link; note: string | undefined } {
  const rule = Object.hasOwn(links, type) ? (links[type] ?? otherLink) : otherLink;
  if (rule.kind === 'parent' && hasParent)
    return {
      link: { kind: 'related', from: issue, to: target },
      note: 'a second parent: written as related',
    };
  const [from, to] = rule.turned ? [target, issue] : [issue, target];
  return {
    link: { kind: rule.kind, from, to },
    note: rule.note ? `${type}: written as ${rule.kind}` : undefined,
  };
}
