import { listOf, textOf } from '../data.ts';
import { writeIf, written } from '../register.ts';
import { counted, rejected } from '../shared.ts';
import { add, remove } from '../subjects/set.ts';
import type { GroupState, Verdict } from '../types.ts';
import { isAtLeast, malformed, notAllowed, type Scene } from './scene.ts';

const noReader = notAllowed('a reader makes and changes no group');

/** A group, with those whom its creation names. */
export function createGroup({ folding, op, role }: Scene): Verdict {
  const handle = textOf(op.header.data, 'handle');
  if (!isAtLeast(role, 'member')) return noReader;
  if (handle === undefined) return malformed;
  folding.draft.groups.set(op.hash, {
    id: op.hash,
    handle: [written(op, handle)],
    members: withAll({}, listOf(op.header.data, 'members'), op.hash),
  });
  return counted;
}

/** Adds members, and takes back the additions of others that it saw. */
export function updateGroup({ folding, op, past, role }: Scene): Verdict {
  const { data, subject } = op.header;
  const group = folding.draft.groups.get(subject);
  if (group === undefined || !past.has(subject))
    return rejected('not_found', 'it names no group that it saw');
  if (!isAtLeast(role, 'member')) return noReader;
  let { members } = group;
  for (const member of listOf(data, 'remove')) members = remove(members, member, past);
  folding.draft.groups.set(subject, {
    ...group,
    handle: writeIf(group.handle, op, past, textOf(data, 'handle')),
    members: withAll(members, listOf(data, 'add'), op.hash),
  });
  return counted;
}

const withAll = (
  members: GroupState['members'],
  names: readonly string[],
  op: string,
): GroupState['members'] => [...new Set(names)].reduce((all, name) => add(all, name, op), members);
