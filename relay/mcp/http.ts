import { randomUUID } from 'node:crypto';
import { CoterieError } from '../../schemas/index.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { createFace, type Face, type Reach } from './face.ts';
import { follow } from './hints.ts';
import { digestUri } from './resources.ts';
import {
  type Exchange,
  isLegacyRequest,
  openRequests,
  openSession,
  type ServerEventBus,
  serverOf,
} from './sdk.ts';

export interface HttpOptions {
  readonly version: string;
  readonly trouble: (error: unknown) => void;
  /** Sessions at most; the one that was silent the longest gives way. */
  readonly sessions?: number;
  /** A session that is silent for this long, and follows nothing, is over, ms. */
  readonly idle?: number;
}

/** Who asks: a name of its own, and its verbs. */
interface Who {
  readonly name: string;
  readonly handle: string | undefined;
  surface(): Surface;
}

/** The protocol over streamable HTTP, on the node's own port. */
export interface McpHttp {
  /** Answers a request of a member; who it is was checked. Throws `not_found` for a session that is none of its own. */
  answer(request: Request, body: unknown, who: Who): Promise<Response>;
  close(): Promise<void>;
}

interface Session {
  readonly id: string;
  readonly who: string;
  readonly answer: Exchange;
  /** Streams of it that are open. */
  streams: number;
  used: number;
  close(): Promise<void>;
}

/** One member's side of it: what was shown to it, and its requests that belong to no session. */
interface Side {
  readonly face: Face;
  readonly requests: { answer: Exchange; close(): Promise<void> };
}

const header = 'mcp-session-id';

/** Tells those who follow something in newer versions of the protocol; while somebody does, events are looked at. */
function createBus(face: Face): ServerEventBus & { close(): void } {
  const listeners = new Set<(event: Parameters<ServerEventBus['publish']>[0]) => void>();
  let stop: AbortController | undefined;
  const bus = {
    publish(event: Parameters<ServerEventBus['publish']>[0]) {
      for (const listener of listeners) listener(event);
    },
    subscribe(listener: (event: Parameters<ServerEventBus['publish']>[0]) => void) {
      listeners.add(listener);
      if (stop === undefined) {
        stop = new AbortController();
        const updated = (uri: string) => bus.publish({ kind: 'resource_updated', uri });
        void follow(face, () => [digestUri], updated, stop.signal);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) bus.close();
      };
    },
    close() {
      stop?.abort();
      stop = undefined;
    },
  };
  return bus;
}

export function openMcpHttp(options: HttpOptions): McpHttp {
  const { version, trouble, sessions: most = 256, idle = 30 * 60_000 } = options;
  const sides = new Map<string, Side>();
  const sessions = new Map<string, Session>();

  function sideOf(who: Who): Side {
    const known = sides.get(who.name);
    if (known) return known;
    const team = who.surface();
    const { handle = who.name } = who;
    const reach: Reach = { with: (work) => work(team) };
    const face = createFace(reach, trouble);
    const bus = createBus(face);
    const requests = openRequests(() => serverOf({ face, version, handle, following: new Set() }), bus);
    const close = async (): Promise<void> => {
      bus.close();
      await requests.close();
    };
    const side = { face, requests: { answer: requests.answer, close } };
    sides.set(who.name, side);
    return side;
  }

  async function end(session: Session): Promise<void> {
    sessions.delete(session.id);
    await session.close();
  }

  /** Ends what is silent for too long, and makes room for one more. */
  function makeRoom(): void {
    const silent = [...sessions.values()]
      .filter(({ streams }) => streams === 0)
      .sort((a, b) => a.used - b.used);
    const over = silent.filter(({ used }) => used < Date.now() - idle);
    const [oldest] = silent;
    if (over.length === 0 && sessions.size >= most) {
      if (oldest === undefined) throw new CoterieError('busy', `${most} sessions are open already.`);
      over.push(oldest);
    }
    for (const session of over) void end(session).catch(trouble);
  }

  async function begin(who: Who): Promise<Session> {
    makeRoom();
    const { face } = sideOf(who);
    const { handle = who.name } = who;
    const following = new Set<string>();
    const server = serverOf({ face, version, handle, following });
    const id = randomUUID();
    const { answer, close } = await openSession(server, {
      id,
      closed: () => void sessions.delete(id),
    });
    let stop: AbortController | undefined;
    const session: Session = {
      id,
      who: who.name,
      streams: 0,
      used: Date.now(),
      async answer(request, body) {
        session.used = Date.now();
        const response = await answer(request, body);
        if (request.method !== 'GET' || response.status !== 200) return response;
        session.streams++;
        if (stop === undefined) {
          stop = new AbortController();
          const updated = (uri: string) => void server.sendResourceUpdated({ uri }).catch(trouble);
          void follow(face, () => following, updated, stop.signal);
        }
        request.signal.addEventListener('abort', () => {
          session.used = Date.now();
          if (--session.streams > 0) return;
          stop?.abort();
          stop = undefined;
        });
        return response;
      },
      async close() {
        stop?.abort();
        await close();
      },
    };
    sessions.set(id, session);
    return session;
  }

  async function inSession(request: Request, body: unknown, who: Who): Promise<Response> {
    const id = request.headers.get(header);
    if (id !== null) {
      const session = sessions.get(id);
      if (session?.who === who.name) return session.answer(request, body);
      throw new CoterieError('not_found', 'There is no such session.', {
        hint: 'Begin a new one with initialize.',
      });
    }
    const session = await begin(who);
    const response = await session.answer(request, body);
    // What did not begin one leaves none behind.
    if (response.headers.get(header) === null) await end(session);
    return response;
  }

  return {
    async answer(request, body, who) {
      if (await isLegacyRequest(request, body)) return inSession(request, body, who);
      return sideOf(who).requests.answer(request, body);
    },
    async close() {
      await Promise.all([...sessions.values()].map(end));
      await Promise.all([...sides.values()].map(({ requests }) => requests.close()));
    },
  };
}
