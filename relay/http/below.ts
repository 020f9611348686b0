import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { CoterieError } from '../../schemas/index.ts';
import type { Log } from '../node/log.ts';
import { refusalOf, sendRefusal } from './errors.ts';
import type { Fetch, Upgrade } from './server.ts';

/** The doors of one workspace, whose paths begin at `/`. */
export interface Below {
  readonly app: { readonly fetch: Fetch };
  readonly upgrade: Upgrade;
}

export interface BelowOptions {
  /** Answers what does not stand below a workspace. */
  readonly own: { readonly fetch: Fetch };
  /** The doors of a workspace, for one request or socket: `leave` once that has ended. Rejects where there are none. */
  readonly enter: (workspace: string) => Promise<{ readonly doors: Below; readonly leave: () => void }>;
  readonly log: Log;
}

const place = /^\/w\/([a-z2-7]{26})(\/[^?]*)?(\?.*)?$/;

/** The workspace that a URL names, and the URL as its doors know it. */
function placeOf(url: string): { readonly workspace: string; readonly rest: string } | undefined {
  const [, workspace, path = '/', query = ''] = place.exec(url) ?? [];
  return workspace === undefined ? undefined : { workspace, rest: `${path}${query}` };
}

/** One listener for the doors of many workspaces: each below `/w/<workspace>`, and what the listener says of itself. */
export function serveBelow({ own, enter, log }: BelowOptions): Below {
  return {
    app: {
      async fetch(request, env) {
        const { incoming, outgoing } = env as HttpBindings;
        const at = placeOf(incoming.url ?? '/');
        try {
          if (at === undefined) return await own.fetch(request, env);
          const { doors, leave } = await enter(at.workspace);
          if (outgoing.closed) leave();
          else outgoing.once('close', leave);
          incoming.url = at.rest;
          // The path is all that the doors of a workspace read of the URL.
          const inner = Object.create(request, { url: { value: new URL(at.rest, request.url).href } });
          return await doors.app.fetch(inner as Request, env);
        } catch (error) {
          sendRefusal(outgoing, refusalOf(error, log, at ? 'a workspace' : 'the relay'));
        }
        return RESPONSE_ALREADY_SENT;
      },
    },
    async upgrade(incoming, raw, head): Promise<CoterieError | undefined> {
      const at = placeOf(incoming.url ?? '/');
      if (at === undefined) return new CoterieError('invalid', 'There is no WebSocket at this path.');
      const { doors, leave } = await enter(at.workspace);
      if (raw.destroyed) {
        leave();
        return undefined;
      }
      raw.once('close', leave);
      incoming.url = at.rest;
      return doors.upgrade(incoming, raw, head);
    },
  };
}
