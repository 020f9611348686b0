import {
  CoterieError,
  Group,
  GroupCreate,
  GroupUpdate,
  type List,
  Member,
  MemberUpdate,
  People,
  PeopleQuery,
  RoleGrant,
  Status,
} from '../../../schemas/index.ts';
import { route } from '../route.ts';

export const memberRoutes = [
  route({
    method: 'get',
    path: '/v1/status',
    summary: 'Tells workspace, replica, member, counts, storage and the newest cursor.',
    answer: Status,
    run: ({ surface }) => surface.status(),
  }),
  route({
    method: 'get',
    path: '/v1/members',
    summary:
      'Lists the members; `imported=false` leaves out authors of imported history; `groups=true` lists groups.',
    query: PeopleQuery,
    answer: People,
    run: ({ surface, query: { groups, ...query } }): Promise<List<Member> | List<Group>> => {
      const { imported: _, ...paged } = query;
      return groups ? surface.groups.list(paged) : surface.members.list(query);
    },
  }),
  route({
    method: 'get',
    path: '/v1/members/{member}',
    summary: 'Shows one member, by handle or id.',
    answer: Member,
    run: ({ surface, params }) => surface.members.get(params.member),
  }),
  route({
    method: 'patch',
    path: '/v1/members/{member}',
    summary: 'Changes the name or handle of the member that asks.',
    body: MemberUpdate,
    answer: Member,
    async run({ surface, params, body, key, caller }) {
      if (params.member !== caller?.handle && params.member !== surface.member.id)
        throw new CoterieError('forbidden', `${params.member} is not the member that the token names`, {
          hint: 'Members change themselves.',
        });
      return surface.members.update(body, { key });
    },
  }),
  route({
    method: 'post',
    path: '/v1/members/{member}/role',
    summary: 'Gives a member a role; an admin does, for `owner` and to an owner an owner.',
    body: RoleGrant,
    answer: Member,
    run: ({ surface, params, body, key }) => surface.members.grant(params.member, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/members',
    summary: 'Makes a group: a named set of members.',
    body: GroupCreate,
    answer: Group,
    status: 201,
    run: ({ surface, body, key }) => surface.groups.create(body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/members/{member}',
    summary: 'Changes a group, by handle or id: its handle, who comes in, who goes.',
    body: GroupUpdate,
    answer: Group,
    run: ({ surface, params, body, key }) => surface.groups.update(params.member, body, { key }),
  }),
];
