import { z } from 'zod';
import { Handle } from '../primitives.ts';
import { Person, page } from './common.ts';
import { Member } from './node.ts';

/** A named set of members: `@handle` calls each of them. */
export const Group = z.strictObject({
  id: z.string(),
  handle: z.string(),
  members: z.array(Person),
  /** Other groups of the same handle, made apart. */
  twins: z.array(z.string()).optional(),
});
export type Group = z.infer<typeof Group>;

/** Members by handle or id. */
const people = z.array(z.string().min(1).max(64)).max(200);

export const GroupCreate = z.strictObject({ handle: Handle, members: people.optional() });
export type GroupCreate = z.infer<typeof GroupCreate>;
/** Only what is named changes. */
export const GroupUpdate = z.strictObject({
  handle: Handle.optional(),
  add: people.optional(),
  remove: people.optional(),
});
export type GroupUpdate = z.infer<typeof GroupUpdate>;
/** Members, or with `groups` the groups. */
export const PeopleQuery = z.strictObject({
  ...page,
  imported: z.stringbool().optional(),
  groups: z.stringbool().optional(),
});
export const People = z.strictObject({
  items: z.array(z.union([Member, Group])),
  next: z.string().optional(),
});
