import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { CoterieError } from '../../schemas/index.ts';
import type { Caller } from '../proof/callers.ts';
import { askerOf } from './address.ts';
import { askedOverHttp } from './asked.ts';
import { serveDashboard } from './dashboard.ts';
import { refusalOf, safeHeaders, send, sendRefusal } from './errors.ts';
import { methodsOf } from './matching.ts';
import { mcpDoor } from './mcp.ts';
import { pagePolicy } from './page.ts';
import { type Door, isJson, type Route, taken } from './route.ts';
import { routes } from './routes/index.ts';
import type { Manner } from './session/cookie.ts';
import { names, sendUnchanged, tagOf } from './unchanged.ts';

interface Bound {
  Bindings: HttpBindings;
}

/** What a request does, as far as the cookie of a page is asked about it. */
function mannerOf(incoming: IncomingMessage, streams: boolean): Manner {
  const reads = incoming.method === 'GET' || incoming.method === 'HEAD';
  return reads ? (streams ? 'stream' : 'read') : 'write';
}

const isStream = ({ answer }: Route): boolean => !isJson(answer) && answer.type === 'text/event-stream';

function headersOf(route: Route): Record<string, string> {
  const type =
    'type' in route.answer && !('safeParse' in route.answer) ? route.answer.type : 'application/json';
  return {
    ...safeHeaders,
    'content-type': type,
    ...(type.startsWith('text/html')
      ? { 'content-security-policy': pagePolicy, 'x-frame-options': 'DENY' }
      : {}),
  };
}

/** Whether a route answers without asking who it is. */
function isOpen({ open }: Route, incoming: IncomingMessage): boolean {
  return open === 'here' ? askerOf(incoming).here : open === true;
}

/** Who asks, where a route wants to know; of others the address is counted. */
async function whoAsks(door: Door, route: Route, incoming: IncomingMessage): Promise<Caller | undefined> {
  if (route.open === true) await door.guard.open(askerOf(incoming));
  if (isOpen(route, incoming)) return undefined;
  return door.entrance.enter(incoming, mannerOf(incoming, isStream(route)));
}

/**
 * The table of routes as an app: who asks, which route, what it answers, and every error in the one shape. Answers are
 * written to the connection itself: a `Response` in between costs more than everything else that a short request does.
 */
export function createApp(door: Door): Hono<Bound> {
  const app = new Hono<Bound>();

  async function answer(route: Route, headers: Record<string, string>, c: Context<Bound>): Promise<Response> {
    const began = performance.now();
    const { incoming, outgoing } = c.env;
    const count = (status: number): void =>
      door.metrics.request(route.method, route.path, status, (performance.now() - began) / 1000);
    try {
      const caller = await whoAsks(door, route, incoming);
      if (caller !== undefined)
        await door.allowance.take(caller.name, (...header) => outgoing.setHeader(...header));
      const question = incoming.url?.indexOf('?') ?? -1;
      const search = new URLSearchParams(question < 0 ? '' : incoming.url?.slice(question + 1));
      const result = await route.run({
        door,
        asked: askedOverHttp(incoming, outgoing),
        caller,
        search,
        params: c.req.param(),
      });
      if (result === taken) {
        count(outgoing.statusCode);
        return RESPONSE_ALREADY_SENT;
      }
      const status = route.status ?? 200;
      const text = typeof result === 'string' ? result : JSON.stringify(result);
      const tag = route.method === 'get' && isJson(route.answer) ? tagOf(text) : undefined;
      const known = tag !== undefined && names(incoming.headers['if-none-match'], tag);
      count(known ? 304 : status);
      if (known) sendUnchanged(outgoing, headers, tag);
      else send(outgoing, status, tag === undefined ? headers : { ...headers, etag: tag }, text);
    } catch (error) {
      const refusal = refusalOf(error, door.log, `${route.method} ${route.path}`);
      count(refusal.status);
      sendRefusal(outgoing, refusal);
    }
    return RESPONSE_ALREADY_SENT;
  }

  for (const route of routes) {
    const pattern = route.path.replace(/\{([^}]+)\}/g, ':$1');
    const headers = headersOf(route);
    app.on(route.method.toUpperCase(), pattern, (c) => answer(route, headers, c));
  }

  const refuse = (error: unknown, c: Context<Bound>): Response => {
    const refusal = refusalOf(error, door.log, c.req.path);
    door.metrics.request('other', 'other', refusal.status, 0);
    sendRefusal(c.env.outgoing, refusal);
    return RESPONSE_ALREADY_SENT;
  };
  // A relay has other people's workspaces, and no page of its own.
  if (door.relay.mode === 'node') serveDashboard(app);
  const mcp = mcpDoor(door);
  app.all('/mcp', async (c) => {
    try {
      const caller = await door.entrance.enter(c.env.incoming, mannerOf(c.env.incoming, true));
      await door.allowance.take(caller.name, (...header) => c.env.outgoing.setHeader(...header));
      return await mcp(c.req.raw, c.env.outgoing, caller);
    } catch (error) {
      return refuse(error, c);
    }
  });
  app.notFound(async (c) => {
    try {
      if (c.req.path.startsWith('/v1/'))
        await door.entrance.enter(c.env.incoming, mannerOf(c.env.incoming, false));
      const legal = methodsOf(c.req.path);
      const { method } = c.env.incoming;
      if (legal.length > 0)
        throw new CoterieError('bad_method', `${method} is not a method of this path`, { legal });
      throw new CoterieError('no_route', `There is no ${c.req.path} here`);
    } catch (error) {
      return refuse(error, c);
    }
  });
  app.onError((error, c) => refuse(error, c));
  return app;
}
