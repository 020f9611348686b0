import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Memory = z.strictObject({
  id: z.string().min(1),
  text: z.string().min(1),
  tags: z.array(z.string()).optional(),
});
export type SetMemory = z.infer<typeof Memory>;

const Question = z.strictObject({
  id: z.string().min(1),
  text: z.string().min(1),
  relevant: z.array(z.strictObject({ id: z.string(), grade: z.union([z.literal(1), z.literal(2)]) })).min(1),
  split: z.enum(['tune', 'held-out']),
  shares: z.boolean(),
});
export type Question = z.infer<typeof Question>;

/** What is remembered, what is asked, and which answers which. README.md has the format. */
export interface QuestionSet {
  readonly memories: readonly SetMemory[];
  readonly questions: readonly Question[];
}

/** Reads the two files of a folder. Throws with the file and the field where it is not a set. */
export function readSet(folder: string): QuestionSet {
  const memories = readRows(join(folder, 'memories.json'), Memory);
  const questions = readRows(join(folder, 'questions.json'), Question);
  const known = new Set(memories.map(({ id }) => id));
  for (const { id, relevant } of questions) {
    refuseTwice(`${folder}: the relevant memories of ${id}`, relevant);
    const missing = relevant.find((one) => !known.has(one.id));
    if (missing) throw new Error(`${folder}: ${id} names the memory ${missing.id}, which is not there`);
  }
  return { memories, questions };
}

function readRows<T extends { id: string }>(path: string, row: z.ZodType<T>): T[] {
  const parsed = z.array(row).safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}:\n${z.prettifyError(parsed.error)}`);
  refuseTwice(path, parsed.data);
  return parsed.data;
}

function refuseTwice(place: string, rows: readonly { id: string }[]): void {
  const seen = new Set<string>();
  for (const { id } of rows) {
    if (seen.has(id)) throw new Error(`${place}: ${id} is there twice`);
    seen.add(id);
  }
}
