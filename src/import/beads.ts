import { basename } from 'node:path';
import { mapLinks } from './beads/links.ts';
import { actorName, actorSource, actors, shortIds } from './beads/names.ts';
import { type Issue, parseIssue } from './beads/shapes.ts';
import { mapIssue } from './beads/task.ts';
import type { Draft, Importer, SetAside } from './draft.ts';
import { invalid } from './folder.ts';
import { fileBytes, readLines } from './lines.ts';
import { displayName, makeHandles } from './names.ts';

/**
 * Reads the JSONL file in which beads keeps its issues, one a line. All of it is read before the first draft: links
 * are judged together. The mapping is in docs/import.md.
 */
export function beadsImporter(path: string): Importer {
  const read: Record<string, number> = {};
  let done = 0;
  let total: number | null = null;

  return {
    format: 'beads',
    read,
    progress: () => ({ stage: 'beads', done, total }),
    async *drafts(signal) {
      await fileBytes(path);
      const issues = new Map<string, Issue>();
      for await (const line of readLines(path, signal)) {
        const issue = parseIssue(line);
        read['tasks'] = (read['tasks'] ?? 0) + 1;
        if (issues.has(issue.id))
          yield {
            what: 'task',
            source: line.place,
            reason: `${issue.id} stands in the file twice: the first is read`,
          };
        else issues.set(issue.id, issue);
      }
      if (issues.size === 0) throw invalid(`${basename(path)} holds no issue`);

      const sorted = [...issues.values()].sort(
        (a, b) => (a.created_at ?? 0) - (b.created_at ?? 0) || (a.id < b.id ? -1 : 1),
      );
      total = sorted.length;
      const known = actors(sorted);
      const sum = (count: (issue: Issue) => number): number =>
        sorted.reduce((n, issue) => n + count(issue), 0);
      read['members'] = known.size;
      read['comments'] = sum((issue) => issue.comments?.length ?? 0);
      read['dependencies'] = sum((issue) => issue.dependencies?.length ?? 0);

      yield* members(known);
      const shorts = shortIds(sorted);
      for (const issue of sorted) {
        yield* mapIssue(issue, shorts.get(issue.id) ?? '');
        done++;
      }
      yield* mapLinks(sorted);
    },
  };
}

function* members(actors: ReadonlyMap<string, number>): Generator<Draft | SetAside> {
  const handles = makeHandles();
  for (const [actor, at] of actors) {
    const source = actorSource(actor);
    const name = displayName(actorName(actor));
    if (name && !name.whole)
      yield { what: 'member', source, reason: 'name over 256 bytes: its beginning is kept' };
    const handle = handles(actorName(actor), 'beads');
    yield {
      ref: source,
      log: { kind: 'members' },
      type: 'member.create',
      // beads does not say who is human; those who use it mostly are not.
      data: { handle, kind: 'agent' },
      body: { name: name?.text ?? handle },
      imported: { at, source },
    };
  }
}
