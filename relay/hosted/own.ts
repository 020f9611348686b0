import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { CoterieError, Hash, HostingAdmission, HostingRequest, type RelayInfo } from '../../schemas/index.ts';
import { openAllowance } from '../http/allowance.ts';
import type { OwnAnswer } from '../http/below.ts';
import { check, expectNoBody, queryOf, readJson } from '../http/input.ts';
import { type Metrics, single } from '../http/metrics.ts';
import type { Enrolling } from './enrolling.ts';
import type { Workspaces } from './workspaces.ts';

export interface OwnDoorsOptions {
  readonly relay: RelayInfo;
  readonly node: string;
  readonly workspaces: Pick<Workspaces, 'has' | 'list' | 'counts'>;
  readonly enrolling: Enrolling;
  readonly metrics: Metrics;
  /** Whether a token is that of the operator. */
  readonly isOperator: (token: string | undefined) => boolean;
}

/** A members log is the largest thing that comes, bytes. */
const admissionBytes = 32 * 1024 * 1024;

/** Of one address: workspaces that come in, and questions whether one is hosted. */
const enrolments = { requests: 60, seconds: 60 };

const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: Hash.optional(),
});

const ok = (body: unknown, status = 200): OwnAnswer => ({ status, body });

const bearer = /^Bearer ([A-Za-z0-9_-]{1,128})$/i;

/** What a relay answers itself: who it is, how it is, and how a workspace comes in. */
export function ownDoors(options: OwnDoorsOptions) {
  const { relay, node, workspaces, enrolling, metrics } = options;
  const allowance = openAllowance(enrolments);

  function refuseStrangers(incoming: IncomingMessage): void {
    const [, token] = bearer.exec(incoming.headers.authorization ?? '') ?? [];
    if (options.isOperator(token)) return;
    throw new CoterieError('unauthorized', 'This is for the operator of the relay alone.', {
      hint: 'Its token lies in operator.token, in the directory of the relay.',
    });
  }

  async function list(incoming: IncomingMessage): Promise<OwnAnswer> {
    refuseStrangers(incoming);
    const search = new URL(incoming.url ?? '/', 'http://relay').searchParams;
    const { limit, cursor } = check(Page, queryOf(search));
    const items = await workspaces.list(cursor, limit + 1);
    const page = items.slice(0, limit);
    const next = items.length > limit ? page.at(-1)?.workspace : undefined;
    return ok({ items: page, ...(next === undefined ? {} : { next }) });
  }

  function measured(): OwnAnswer {
    const { hosted, open, users, opened } = workspaces.counts();
    const text = metrics.text([
      single('coterie_workspaces_hosted', 'gauge', 'Workspaces that this relay hosts.', hosted),
      single('coterie_workspaces_open', 'gauge', 'Workspaces that are open now.', open),
      single('coterie_workspaces_users', 'gauge', 'Requests and sockets of workspaces now.', users),
      single('coterie_workspaces_opened_total', 'counter', 'Workspaces opened since the start.', opened),
    ]);
    return { status: 200, body: text, type: 'text/plain; version=0.0.4; charset=utf-8' };
  }

  const info = async (): Promise<OwnAnswer> => ok(relay);
  const plain: Readonly<Record<string, (incoming: IncomingMessage) => Promise<OwnAnswer>>> = {
    'GET /v1/relay': info,
    'GET /healthz': async () => ok({ ok: true, node }),
    'GET /version': async () => ok({ name: 'coterie', version: relay.version, api: 'v1' }),
    'GET /metrics': async (incoming) => {
      refuseStrangers(incoming);
      return measured();
    },
    'GET /v1/hosted': list,
    async 'POST /v1/hosted'(incoming) {
      const request = check(HostingRequest, await readJson(incoming, false)) as HostingRequest;
      return ok(await enrolling.offer(request), 201);
    },
  };

  return async (incoming: IncomingMessage, path: string): Promise<OwnAnswer> => {
    const method = incoming.method === 'HEAD' ? 'GET' : (incoming.method ?? 'GET');
    if (method === 'GET') expectNoBody(incoming);
    if (path.startsWith('/v1/hosted')) await allowance.take(incoming.socket.remoteAddress ?? '');
    const found = plain[`${method} ${path}`];
    if (found) return found(incoming);
    const [, workspace = '', rest] = /^\/v1\/hosted\/([a-z2-7]{26})(\/admission)?$/.exec(path) ?? [];
    if (workspace !== '' && rest === undefined && method === 'GET') {
      if (workspaces.has(workspace)) return ok({ workspace, hosted: true });
      throw new CoterieError('not_found', 'This relay does not host that workspace.');
    }
    if (workspace !== '' && rest !== undefined && method === 'POST') {
      const given = check(HostingAdmission, await readJson(incoming, false, admissionBytes));
      return ok(await enrolling.admit(workspace, given as HostingAdmission), 201);
    }
    const legal = ['GET', 'POST'].filter((one) => plain[`${one} ${path}`]);
    if (legal.length > 0)
      throw new CoterieError('bad_method', `${method} is not a method of this path`, { legal });
    throw new CoterieError('no_route', `There is no ${path} here`, {
      hint: 'Doors of a workspace stand below /w/<workspace>/.',
    });
  };
}
