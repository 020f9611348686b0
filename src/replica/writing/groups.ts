import {
  CoterieError,
  type Group,
  GroupCreate,
  GroupUpdate,
  type Hash,
  type List,
} from '../../../schemas/index.ts';
import type { GroupState } from '../../fold/types.ts';
import { checked, paged } from '../checked.ts';
import { type PageQuery, pageOf, type Reading } from '../reading/context.ts';
import { findMember } from '../reading/names.ts';
import type { Surface } from '../surface.ts';
import { type Actor, once, type Writing } from './context.ts';
import { groupsOf } from './mentions.ts';

/** A group by handle, with or without `@`, or by id. Throws `not_found`, `ambiguous`. */
function findGroup(reading: Reading, ref: string): GroupState {
  const byId = reading.membership.state.groups.get(ref);
  if (byId) return byId;
  const [group, ...others] = groupsOf(reading, ref.startsWith('@') ? ref.slice(1) : ref);
  if (!group)
    throw new CoterieError('not_found', `There is no group ${ref}.`, { hint: 'List groups to see them.' });
  if (others.length > 0)
    throw new CoterieError('ambiguous', `${others.length + 1} groups are called ${ref}.`, {
      legal: [group, ...others].map(({ id }) => id),
      hint: 'Name the group by its id.',
    });
  return group;
}

function groupShape(reading: Reading, ref: string): Group {
  const group = findGroup(reading, ref);
  const handle = group.handle[0]?.value ?? group.id;
  const twins = groupsOf(reading, handle).flatMap(({ id }) => (id === group.id ? [] : [id]));
  const members = Object.keys(group.members).map((id) => reading.membership.person(id));
  return {
    id: group.id,
    handle,
    members: members.sort((a, b) => (a.handle < b.handle ? -1 : 1)),
    ...(twins.length > 0 ? { twins } : {}),
  };
}

/** By handle. */
function listGroups(reading: Reading, query: PageQuery = {}): List<Group> {
  const key = ({ handle, id }: GroupState): string => `${handle[0]?.value} ${id}`;
  const all = [...reading.membership.state.groups.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const { page, more } = pageOf(all, query, ({ id }) => id);
  return { items: page.map(({ id }) => groupShape(reading, id)), ...more };
}

/** `mine`: the member who takes it, as nobody but an author of history may bear it. */
export function refuseTaken(reading: Reading, handle: string, mine?: Hash): void {
  const others = reading.membership.byHandle(handle).filter(({ id }) => id !== mine);
  const taken = handle === 'here' || others.some(({ imported }) => mine === undefined || !imported);
  if (taken || groupsOf(reading, handle).length > 0)
    throw new CoterieError('exists', `@${handle} calls somebody already.`);
}

const idsOf = (reading: Reading, people: readonly string[] = []): Hash[] => [
  ...new Set(people.map((person) => findMember(reading, person).id)),
];

/** Resolves with the group's id. Throws `exists`, `not_found`. */
async function createGroup(
  writing: Writing,
  actor: Actor,
  input: GroupCreate,
  key: string | undefined,
): Promise<Hash> {
  const { reading, ledger } = writing;
  return once(writing, { actor, key, input: { group: input } }, (work, keyHash) => {
    refuseTaken(reading, input.handle);
    return ledger.append(work, {
      log: 'members',
      type: 'group.create',
      member: actor.id,
      data: { handle: input.handle, members: idsOf(reading, input.members) },
      key: keyHash,
    });
  });
}

/** Resolves with the group's id. */
async function updateGroup(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: GroupUpdate,
  key: string | undefined,
): Promise<Hash> {
  const { reading, ledger } = writing;
  const { id, handle } = findGroup(reading, ref);
  await once(writing, { actor, key, input: { group: id, input } }, (work, keyHash) => {
    if (input.handle !== undefined && input.handle !== handle[0]?.value) refuseTaken(reading, input.handle);
    return ledger.append(work, {
      log: 'members',
      type: 'group.update',
      subject: id,
      member: actor.id,
      data: {
        ...(input.handle === undefined ? {} : { handle: input.handle }),
        ...(input.add === undefined ? {} : { add: idsOf(reading, input.add) }),
        ...(input.remove === undefined ? {} : { remove: idsOf(reading, input.remove) }),
      },
      key: keyHash,
    });
  });
  return id;
}

/** The verbs of groups as one member. */
export const groupVerbs = (writing: Writing, actor: Actor): Surface['groups'] => ({
  list: async (query) => listGroups(writing.reading, paged(query)),
  async create(input, options) {
    const id = await createGroup(writing, actor, checked(GroupCreate, input), options?.key);
    return groupShape(writing.reading, id);
  },
  async update(ref, input, options) {
    const id = await updateGroup(writing, actor, ref, checked(GroupUpdate, input), options?.key);
    return groupShape(writing.reading, id);
  },
});
