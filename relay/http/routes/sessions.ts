import {
  CoterieError,
  Login,
  list,
  OwnReplica,
  OwnReplicaRequest,
  SessionBegin,
  SessionInfo,
  SessionsEnd,
  Speaker,
} from '../../../schemas/index.ts';
import type { Caller } from '../../proof/callers.ts';
import { originOf } from '../address.ts';
import { connectionOf } from '../asked.ts';
import { type Door, route } from '../route.ts';
import { refuseOtherPages, setCookie } from '../session/cookie.ts';
import { type Session, usualBounds } from '../session/logins.ts';

const time = (at: number): string => new Date(at).toISOString();

const shown = ({ id, began, used, expires }: Session, caller: Caller): SessionInfo => ({
  id,
  began: time(began),
  used: time(used),
  expires: time(expires),
  current: id === caller.session,
});

function handleOf(caller: Caller | undefined): { readonly caller: Caller; readonly handle: string } {
  if (caller?.handle !== undefined) return { caller, handle: caller.handle };
  throw new CoterieError('forbidden', 'Sessions are of members.');
}

const ownOf = ({ logins }: Door, handle: string, caller: Caller): SessionInfo[] =>
  logins.list(handle).map((session) => shown(session, caller));

const speaker = (caller: Caller, handle: string, sessions: readonly SessionInfo[]): Speaker => ({
  handle,
  role: caller.role(),
  session: sessions.find(({ current }) => current) ?? null,
});

/** How a person’s browser comes in, who has no token to send. */
export const sessionRoutes = [
  route({
    method: 'post',
    path: '/v1/sessions',
    needs: 'token',
    local: true,
    summary:
      'Makes a URL of the page that lets a browser in as the member that asks: once, within five minutes.',
    answer: Login,
    status: 201,
    async run({ door, asked, caller }) {
      const { secret, expires } = door.logins.make(handleOf(caller).caller);
      const page = asked.http ? originOf(asked.http.incoming) : door.url;
      return { url: `${page}/#t=${secret}`, expires: time(expires) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/sessions',
    needs: 'token',
    local: true,
    summary: 'Lists the sessions of pages that speak as the member that asks, newest first.',
    answer: list(SessionInfo),
    async run({ door, caller: given }) {
      const { caller, handle } = handleOf(given);
      return { items: ownOf(door, handle, caller) };
    },
  }),
  route({
    method: 'post',
    path: '/v1/session',
    open: true,
    local: true,
    summary:
      'Begins a session: takes what stands behind `#t=`, and gives the page a cookie that no script reads.',
    body: SessionBegin,
    answer: Speaker,
    status: 201,
    async run({ door, asked, body }) {
      const { incoming, outgoing } = connectionOf(asked);
      refuseOtherPages(incoming, 'write');
      const { secret, caller, session } = await door.entrance.begin(incoming, body.login);
      outgoing.setHeader('set-cookie', setCookie(incoming, secret, usualBounds.whole / 1000));
      return speaker(caller, session.handle, [shown(session, caller)]);
    },
  }),
  route({
    method: 'get',
    path: '/v1/session',
    needs: 'token',
    local: true,
    summary: 'Tells who asks: the member, its role, and the session if it is a page’s.',
    answer: Speaker,
    async run({ door, caller: given }) {
      const { caller, handle } = handleOf(given);
      return speaker(caller, handle, ownOf(door, handle, caller));
    },
  }),
  route({
    method: 'post',
    path: '/v1/replicas',
    needs: 'token',
    local: true,
    summary: 'Lets a replica in that the page keeps, for the person whose machine this is.',
    body: OwnReplicaRequest,
    answer: OwnReplica,
    status: 201,
    run: ({ door, caller, body }) => door.replica.admitOwn(handleOf(caller).handle, body),
  }),
  route({
    method: 'delete',
    path: '/v1/session',
    needs: 'token',
    local: true,
    summary: 'Ends the session that asks; with `all=true`, or with a token, all of the member.',
    query: SessionsEnd,
    answer: list(SessionInfo),
    async run({ door, asked, caller: given, query }) {
      const { caller, handle } = handleOf(given);
      const all = query.all === true || caller.session === undefined;
      const items = ownOf(door, handle, caller).filter(({ current }) => all || current);
      door.logins.end(items.map(({ id }) => id));
      if (asked.http && caller.session !== undefined)
        asked.http.outgoing.setHeader('set-cookie', setCookie(asked.http.incoming, undefined, 0));
      return { items };
    },
  }),
];
