import {
  Admission,
  AdmissionRequest,
  Invitation,
  InviteCreate,
  InviteInfo,
  InvitesQuery,
  list,
  ReplicaInfo,
  ReplicaRevoke,
  ReplicasQuery,
} from '../../../schemas/index.ts';
import { route } from '../route.ts';

/** Who else has a copy of the workspace, and how others come in. */
export const machineRoutes = [
  route({
    method: 'get',
    path: '/v1/replicas',
    summary: 'Lists the replicas of the workspace, with their links to this one.',
    query: ReplicasQuery,
    answer: list(ReplicaInfo),
    run: ({ surface, query }) => surface.replicas.list(query),
  }),
  route({
    method: 'post',
    path: '/v1/replicas/{replica}/revoke',
    summary: 'Revokes a replica, by id or name: what it wrote counts as far as it is here.',
    body: ReplicaRevoke,
    bodyOptional: true,
    answer: ReplicaInfo,
    run: ({ surface, params, body, key }) => surface.replicas.revoke(params.replica, body, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/invites',
    summary: 'Makes a ticket by which another machine joins.',
    body: InviteCreate,
    bodyOptional: true,
    answer: Invitation,
    status: 201,
    run: ({ surface, body, key }) => surface.invites.create(body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/invites',
    summary: 'Lists the invites of the workspace, without their tickets.',
    query: InvitesQuery,
    answer: list(InviteInfo),
    run: ({ surface, query }) => surface.invites.list(query),
  }),
  route({
    method: 'post',
    path: '/v1/invites/{invite}/revoke',
    summary: 'Revokes an invite: nobody new comes in by its ticket; who came in stays.',
    answer: InviteInfo,
    run: ({ surface, params, key }) => surface.invites.revoke(params.invite, { key }),
  }),
  route({
    method: 'post',
    path: '/v1/invites/{invite}/admissions',
    open: true,
    summary: 'Countersigns who joins; signed with the seed of the ticket, so it needs no token.',
    body: AdmissionRequest,
    answer: Admission,
    run: ({ door, params, body }) => door.replica.countersign(params.invite, body),
  }),
];
