import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { CoterieError } from '../../schemas/index.ts';
import type { Log } from '../node/log.ts';
import { askerOf } from './address.ts';
import { refusalOf, safeHeaders, send, sendRefusal } from './errors.ts';
import type { Guard } from './guard.ts';
import type { Metrics } from './metrics.ts';

/** One request to a listener that is no replica. */
export interface OwnRequest {
  readonly incoming: IncomingMessage;
  readonly params: Readonly<Record<string, string>>;
}

export interface OwnRoute {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With `{name}` for a part that varies. */
  readonly path: string;
  readonly status?: number;
  /** JSON unless said. */
  readonly type?: string;
  /** What is answered; rejects as a door does. */
  run(request: OwnRequest): Promise<unknown>;
}

interface Bound {
  Bindings: HttpBindings;
}

/** The few routes of a listener that is no replica as an app: every error in the one shape. */
export function createOwnApp(
  routes: readonly OwnRoute[],
  {
    log,
    metrics,
    guard,
  }: {
    readonly log: Log;
    readonly metrics: Pick<Metrics, 'request'>;
    /** Of all its addresses, where its routes do not count by themselves. */
    readonly guard?: Guard | undefined;
  },
): Hono<Bound> {
  const app = new Hono<Bound>();

  async function answer(c: Context<Bound>, route: OwnRoute): Promise<Response> {
    const { incoming, outgoing } = c.env;
    const began = performance.now();
    const { status = 200, type = 'application/json' } = route;
    let answered = status;
    try {
      await guard?.open(askerOf(incoming));
      const body = await route.run({ incoming, params: c.req.param() });
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      send(outgoing, status, { ...safeHeaders, 'content-type': type }, text);
    } catch (error) {
      const refusal = refusalOf(error, log, `${route.method} ${route.path}`);
      answered = refusal.status;
      sendRefusal(outgoing, refusal);
    }
    metrics.request(route.method, route.path, answered, (performance.now() - began) / 1000);
    return RESPONSE_ALREADY_SENT;
  }

  const legal = new Map<string, string[]>();
  for (const route of routes) {
    const pattern = route.path.replace(/\{([^}]+)\}/g, ':$1');
    app.on(route.method, pattern, (c) => answer(c, route));
    legal.set(pattern, [...(legal.get(pattern) ?? []), route.method]);
  }
  const refuse = (c: Context<Bound>, error: unknown): Response => {
    sendRefusal(c.env.outgoing, refusalOf(error, log, c.req.path));
    return RESPONSE_ALREADY_SENT;
  };
  for (const [pattern, methods] of legal)
    app.all(pattern, (c) =>
      refuse(
        c,
        new CoterieError('bad_method', `${c.env.incoming.method} is not a method of this path`, {
          legal: methods,
        }),
      ),
    );
  app.notFound((c) => refuse(c, new CoterieError('no_route', `There is no ${c.req.path} here`)));
  app.onError((error, c) => refuse(c, error));
  return app;
}
