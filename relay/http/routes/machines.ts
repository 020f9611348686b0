import { z } from 'zod';
import {
  Admission,
  AdmissionRequest,
  ArbiterInfo,
  ArbiterMove,
  CoterieError,
  Invitation,
  InviteCreate,
  InviteInfo,
  InvitesQuery,
  list,
  MembersLog,
  Package,
  ReplicaInfo,
  ReplicaRevoke,
  ReplicasQuery,
  TicketKept,
  TicketKeptAt,
} from '../../../schemas/index.ts';
import { route } from '../route.ts';

/** base64url of 32 bytes. */
const PackageId = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

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
    method: 'get',
    path: '/v1/arbiter',
    summary: 'Shows the replica that grants claims.',
    answer: ArbiterInfo,
    run: ({ surface }) => surface.arbiter.get(),
  }),
  route({
    method: 'post',
    path: '/v1/arbiter',
    summary:
      'Hands the office of arbiter over to another replica; with force an admin moves it without the old one.',
    body: ArbiterMove,
    answer: ArbiterInfo,
    run: ({ surface, body, key }) => surface.arbiter.move(body, { key }),
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
    method: 'get',
    path: '/v1/members-log',
    needs: 'key',
    summary: 'The members log: what who was away needs to know whom this replica may be.',
    answer: MembersLog,
    run: async ({ door }) => ({ members: await door.replica.membersLog() }),
  }),
  route({
    method: 'get',
    path: '/v1/packages/{id}',
    open: true,
    summary: 'What a ticket stands for, sealed with a key that only who has the ticket knows.',
    answer: Package,
    run: ({ door, params }) => door.replica.package(params.id),
  }),
  route({
    method: 'put',
    path: '/v1/packages/{id}',
    needs: 'key',
    summary: 'Keeps a ticket whose invite names this listener as countersigner; for replicas of admins.',
    body: TicketKept,
    answer: TicketKeptAt,
    async run({ door, caller, params, body }) {
      const { id } = params;
      if (!PackageId.safeParse(id).success)
        throw new CoterieError('invalid', 'the id of a package is 43 base64url characters');
      const role = caller?.role();
      if (role !== 'owner' && role !== 'admin')
        throw new CoterieError('forbidden', 'Only an admin leaves tickets here.');
      await door.replica.keepTicket(id, body as TicketKept);
      return { id };
    },
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
