import { list, Reservation, ReservationRenew, ReservationsQuery, Reserve } from '../../../schemas/index.ts';
import { route } from '../route.ts';

export const reservationRoutes = [
  route({
    method: 'get',
    path: '/v1/reservations',
    summary: 'Lists who holds which paths now, newest first; by holder, by path, of others, or what is over.',
    query: ReservationsQuery,
    answer: list(Reservation),
    run: ({ surface, query }) => surface.reservations.list(query),
  }),
  route({
    method: 'post',
    path: '/v1/reservations',
    summary: 'Reserves paths by globs, and answers what others hold of them; a repeat renews.',
    body: Reserve,
    answer: Reservation,
    status: 201,
    run: ({ surface, body, key }) => surface.reservations.reserve(body, { key }),
  }),
  route({
    method: 'get',
    path: '/v1/reservations/{id}',
    summary: 'Shows one reservation.',
    answer: Reservation,
    run: ({ surface, params }) => surface.reservations.get(params.id),
  }),
  route({
    method: 'patch',
    path: '/v1/reservations/{id}',
    summary: 'Holds it for longer, from now on.',
    body: ReservationRenew,
    bodyOptional: true,
    answer: Reservation,
    run: ({ surface, params, body, key }) => surface.reservations.renew(params.id, body, { key }),
  }),
  route({
    method: 'delete',
    path: '/v1/reservations/{id}',
    summary: 'Gives the paths back.',
    answer: Reservation,
    run: ({ surface, params, key }) => surface.reservations.release(params.id, { key }),
  }),
];
