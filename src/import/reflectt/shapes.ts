import { z } from 'zod';
import { invalid } from '../folder.ts';
import { type Line, readLines } from '../lines.ts';

// What the importer needs of the lines that reflectt-node writes. Each file is a trail: the last line of an id counts.

const Id = z.string().min(1).max(256);
/** Milliseconds. */
const At = z.number().min(0).max(8.64e15);
const words = z.string().nullish();
const list = z.array(z.string()).nullish();

export const ReflecttMessage = z.looseObject({
  id: Id,
  from: z.string().min(1),
  to: words,
  content: z.string(),
  timestamp: At,
  channel: words,
  threadId: words,
  reactions: z.record(z.string(), z.array(z.string())).nullish(),
  attachments: z
    .array(z.looseObject({ name: z.string(), url: z.string(), size: z.number().nullish(), mimeType: words }))
    .nullish(),
});
export type ReflecttMessage = z.infer<typeof ReflecttMessage>;

export const ReflecttTask = z.looseObject({
  id: Id,
  title: z.string(),
  description: words,
  status: z.string().min(1),
  assignee: words,
  reviewer: words,
  done_criteria: list,
  createdBy: z.string(),
  createdAt: At,
  updatedAt: At,
  priority: words,
  blocked_by: list,
  epic_id: words,
  tags: list,
  dueAt: At.nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type ReflecttTask = z.infer<typeof ReflecttTask>;

export const ReflecttComment = z.looseObject({
  id: Id,
  taskId: Id,
  author: z.string().min(1),
  content: z.string(),
  timestamp: At,
});
export type ReflecttComment = z.infer<typeof ReflecttComment>;

export const ReflecttEvent = z.looseObject({
  id: Id,
  taskId: Id,
  type: z.string(),
  actor: z.string().nullish(),
  timestamp: At,
  data: z.record(z.string(), z.unknown()).nullish(),
});
export type ReflecttEvent = z.infer<typeof ReflecttEvent>;

/** What takes a line of an earlier id back: `deleted` of a task, `deleteUpdate` of a message. */
const Gone = z.looseObject({
  id: Id,
  deleted: z.literal(true).optional(),
  metadata: z.looseObject({ deleteUpdate: z.literal(true).optional() }).nullish(),
});

/** The last state of each id of a trail, in the order in which the ids came up, and the ids that were deleted. */
export interface Trail<T> {
  readonly rows: ReadonlyMap<string, T>;
  readonly deleted: ReadonlySet<string>;
}

/** @throws {CoterieError} `import_invalid` naming the line and the field */
export async function readTrail<T extends { readonly id: string }>(
  path: string,
  shape: z.ZodType<T>,
  signal: AbortSignal | undefined,
): Promise<Trail<T>> {
  const rows = new Map<string, T>();
  const deleted = new Set<string>();
  for await (const line of readLines(path, signal)) {
    const gone = Gone.safeParse(line.value);
    if (gone.success && (gone.data.deleted || gone.data.metadata?.deleteUpdate)) {
      rows.delete(gone.data.id);
      deleted.add(gone.data.id);
      continue;
    }
    const row = parse(line, shape);
    rows.set(row.id, row);
    deleted.delete(row.id);
  }
  return { rows, deleted };
}

function parse<T>(line: Line, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(line.value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw invalid(`${line.place}: ${field}${issue?.message}`);
}
