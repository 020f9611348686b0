import { z } from 'zod';
import { limits } from '../limits.ts';
import { Label, text } from '../primitives.ts';
import { Base, ImportedView, Person, page, Removed, Time } from './common.ts';

/** One version of a memory. */
const version = {
  /** The operation that wrote it. */
  version: z.string(),
  title: z.string().nullable(),
  text: z.string().nullable(),
  tags: z.array(z.string()),
  kind: z.string().optional(),
  sources: z.array(z.string()),
  expires: Time.optional(),
  by: Person,
  at: Time,
};
const MemoryVersion = z.strictObject(version);

export const Memory = z.strictObject({
  id: z.string(),
  key: z.string().optional(),
  ...version,
  author: Person,
  created: Time,
  /** Versions written apart, besides the one that shows. */
  siblings: z.array(MemoryVersion).optional(),
  /** Memories made apart under the same key. */
  twins: z.array(z.string()).optional(),
  supersedes: z.array(z.string()),
  supersededBy: z.array(z.string()),
  forgotten: z.boolean(),
  removed: Removed.optional(),
  imported: ImportedView.optional(),
  aliases: z.array(z.string()).optional(),
  base: Base,
});
export type Memory = z.infer<typeof Memory>;

/** A memory that says nearly the same as one that was just written. */
export const SimilarMemory = z.strictObject({
  id: z.string(),
  key: z.string().optional(),
  title: z.string().optional(),
  text: z.string(),
  by: Person,
  at: Time,
  /** How many of the words of both are in either, from 0 to 1. */
  words: z.number(),
  /** How near it is in meaning, where that could be told in time. */
  cosine: z.number().optional(),
});
export type SimilarMemory = z.infer<typeof SimilarMemory>;

/** A memory as it was just written. */
export const Remembered = Memory.extend({
  /** What else says nearly the same, the most alike first; none: it was looked for. Absent: it could not be in time. */
  similar: z.array(SimilarMemory).optional(),
});
export type Remembered = z.infer<typeof Remembered>;

const write = {
  title: text(limits.titleBytes).optional(),
  text: text(limits.textBytes).refine((value) => value.trim() !== '', 'text must not be blank'),
  tags: z.array(Label).max(50).optional(),
  kind: z.string().min(1).max(64).optional(),
  sources: z.array(z.string().min(1).max(2048)).max(50).optional(),
  expires: Time.optional(),
  /** Memories that this one replaces. */
  supersedes: z.array(z.string().max(64)).max(50).optional(),
};

/** With a `key` that exists it writes the next version of that memory. */
export const Remember = z.strictObject({
  key: z.string().min(1).max(256).optional(),
  ...write,
  base: Base.optional(),
});
export type Remember = z.infer<typeof Remember>;
export const MemoryUpdate = z.strictObject({ ...write, base: Base.optional() });
export type MemoryUpdate = z.infer<typeof MemoryUpdate>;
export const MemoryQuery = z.strictObject({
  ...page,
  key: z.string().max(256).optional(),
  tag: z.string().max(100).optional(),
  kind: z.string().max(64).optional(),
  forgotten: z.stringbool().optional(),
});
export type MemoryQuery = z.infer<typeof MemoryQuery>;
