import { z } from 'zod';
import { invalid } from '../folder.ts';
import type { Line } from '../lines.ts';

// What the importer needs of a line that beads writes. Everything else in it is looked at by name only.

const words = z.string().nullish();

/** RFC 3339 as ms; what Go writes for "no time" is none. */
const Time = z
  .string()
  .transform((value, context) => {
    const at = Date.parse(value);
    if (Number.isNaN(at)) context.addIssue({ code: 'custom', message: `${value} is not a time` });
    return at < 0 ? undefined : at;
  })
  .nullish();

export const Dependency = z.looseObject({
  issue_id: words,
  depends_on_id: z.string().min(1).max(256),
  type: z.string().min(1).max(64),
  created_at: Time,
  created_by: words,
});
export type Dependency = z.infer<typeof Dependency>;

const IssueComment = z.looseObject({
  id: z.union([z.string().max(128), z.number()]),
  author: words,
  text: z.string(),
  created_at: Time,
});

export const Issue = z.looseObject({
  id: z.string().min(1).max(256),
  title: z.string(),
  description: words,
  design: words,
  acceptance_criteria: words,
  notes: words,
  status: z.string().min(1),
  priority: z.number().nullish(),
  issue_type: words,
  assignee: words,
  estimated_minutes: z.number().nullish(),
  created_at: Time,
  created_by: words,
  updated_at: Time,
  closed_at: Time,
  close_reason: words,
  due_at: Time,
  defer_until: Time,
  external_ref: words,
  labels: z.array(z.string()).nullish(),
  dependencies: z.array(Dependency).nullish(),
  comments: z.array(IssueComment).nullish(),
  deleted_at: Time,
  deleted_by: words,
  delete_reason: words,
  original_type: words,
});
export type Issue = z.infer<typeof Issue>;

/** Fields that say how beads stores an issue, or repeat another field. */
export const bookkeeping: ReadonlySet<string> = new Set([
  'compacted_at',
  'compacted_at_commit',
  'compaction_level',
  'content_hash',
  'original_size',
  'source_repo',
]);

/** @throws {CoterieError} `import_invalid` naming the line and the field */
export function parseIssue(line: Line): Issue {
  const parsed = Issue.safeParse(line.value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw invalid(`${line.place}: ${field}${issue?.message}`);
}
