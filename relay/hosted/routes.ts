import { z } from 'zod';
import { CoterieError, Hash, HostingAdmission, HostingRequest } from '../../schemas/index.ts';
import { askerOf } from '../http/address.ts';
import { openAllowance } from '../http/allowance.ts';
import { check, expectNoBody, queryOf, readJson } from '../http/input.ts';
import { type Metrics, single } from '../http/metrics.ts';
import type { OwnRequest, OwnRoute } from '../http/own.ts';
import { type OwnRoutesOptions, refuseStrangers, routesOfRelay } from '../http/own-routes.ts';
import type { Enrolling } from './enrolling.ts';
import type { Workspaces } from './workspaces.ts';

export interface HostedRoutesOptions extends Omit<OwnRoutesOptions, 'measured'> {
  readonly workspaces: Pick<Workspaces, 'has' | 'list' | 'counts'>;
  readonly enrolling: Enrolling;
  readonly metrics: Metrics;
}

/** A members log is the largest thing that comes, bytes. */
const admissionBytes = 32 * 1024 * 1024;

/** Of one address: workspaces that come in, and questions whether one is hosted. */
const enrolments = { requests: 60, seconds: 60 };

const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: Hash.optional(),
});

/** What a readable relay answers itself: who it is, how it is, and how a workspace comes in. */
export function hostedRoutes(options: HostedRoutesOptions): readonly OwnRoute[] {
  const { workspaces, enrolling, metrics, isOperator } = options;
  const allowance = openAllowance(enrolments);
  const take = ({ incoming }: OwnRequest): Promise<void> => allowance.take(askerOf(incoming).address);

  function idOf({ workspace = '' }: Readonly<Record<string, string>>): string {
    if (Hash.safeParse(workspace).success) return workspace;
    throw new CoterieError('invalid', 'the id of a workspace is 26 base32 characters');
  }

  function measured(): string {
    const { hosted, open, users, opened } = workspaces.counts();
    return metrics.text([
      single('coterie_workspaces_hosted', 'gauge', 'Workspaces that this relay hosts.', hosted),
      single('coterie_workspaces_open', 'gauge', 'Workspaces that are open now.', open),
      single('coterie_workspaces_users', 'gauge', 'Requests and sockets of workspaces now.', users),
      single('coterie_workspaces_opened_total', 'counter', 'Workspaces opened since the start.', opened),
    ]);
  }

  return [
    ...routesOfRelay({ ...options, measured }),
    {
      method: 'GET',
      path: '/v1/hosted',
      async run({ incoming }) {
        expectNoBody(incoming);
        refuseStrangers(incoming, isOperator);
        const search = new URL(incoming.url ?? '/', 'http://relay').searchParams;
        const { limit, cursor } = check(Page, queryOf(search));
        const items = await workspaces.list(cursor, limit + 1);
        const page = items.slice(0, limit);
        const next = items.length > limit ? page.at(-1)?.workspace : undefined;
        return { items: page, ...(next === undefined ? {} : { next }) };
      },
    },
    {
      method: 'POST',
      path: '/v1/hosted',
      status: 201,
      async run(request) {
        await take(request);
        const asked = check(HostingRequest, await readJson(request.incoming, false));
        return enrolling.offer(asked as HostingRequest);
      },
    },
    {
      method: 'GET',
      path: '/v1/hosted/{workspace}',
      async run(request) {
        expectNoBody(request.incoming);
        await take(request);
        const workspace = idOf(request.params);
        if (workspaces.has(workspace)) return { workspace, hosted: true };
        throw new CoterieError('not_found', 'This relay does not host that workspace.');
      },
    },
    {
      method: 'POST',
      path: '/v1/hosted/{workspace}/admission',
      status: 201,
      async run(request) {
        await take(request);
        const workspace = idOf(request.params);
        // Anybody can ask this: nothing large is read for who was offered nothing.
        enrolling.expect(workspace);
        const given = check(HostingAdmission, await readJson(request.incoming, false, admissionBytes));
        return enrolling.admit(workspace, given as HostingAdmission);
      },
    },
  ];
}
