import { type List, limits, type Member } from '../../../schemas/index.ts';
import type { MemberState } from '../../fold/types.ts';
import { type PageQuery, pageOf, type Reading, stampIso } from './context.ts';

export function memberShape(reading: Reading, state: MemberState): Member {
  const { membership, replica } = reading;
  const { handle, name } = membership.person(state.id);
  const twins = membership
    .byHandle(handle)
    .flatMap(({ id, imported }) => (id === state.id || imported !== state.imported ? [] : [id]));
  return {
    id: state.id,
    handle,
    name,
    kind: state.kind,
    role: state.role,
    replicas: [...state.replicas],
    hosted: state.replicas.includes(replica),
    imported: state.imported,
    ...(twins.length > 0 ? { twins } : {}),
    created: stampIso(state.created.stamp),
    base: [...membership.heads].slice(0, limits.heads),
  };
}

/** By handle; those who can speak first. `imported` chooses authors of history or the others. */
export function listMembers(
  reading: Reading,
  query: PageQuery & { imported?: boolean | undefined } = {},
): List<Member> {
  const order = (state: MemberState): string =>
    `${state.imported ? 1 : 0} ${reading.membership.person(state.id).handle} ${state.id}`;
  const all = [...reading.membership.state.members.values()]
    .filter((state) => query.imported === undefined || state.imported === query.imported)
    .map((state) => ({ state, key: order(state) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const { page, more } = pageOf(all, query, ({ state }) => state.id);
  return { items: page.map(({ state }) => memberShape(reading, state)), ...more };
}
