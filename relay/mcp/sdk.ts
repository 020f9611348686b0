// The one door to the SDK of the Model Context Protocol.
import type { Readable } from 'node:stream';
import {
  createMcpHandler,
  isLegacyRequest,
  type McpServerFactory,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
  type ServerEventBus,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { CoterieError } from '../../schemas/index.ts';
import type { Face } from './face.ts';
import { isOurs, named, readResource, resources, templates } from './resources.ts';

export type { Server };
export { isLegacyRequest, type McpServerFactory, type ServerEventBus };

export interface Served {
  readonly face: Face;
  readonly version: string;
  /** Who speaks, where that is known. */
  readonly handle?: string | undefined;
  /** URIs that the client follows; those of a newer protocol are followed elsewhere. */
  readonly following: Set<string>;
}

const begin =
  'Begin with catch_up, and look again when a result says that something waits. Claim a task before you work on it, reserve paths before you change them, remember what others need later. Ids may be shortened to the beginning shown.';

/** What an error is to a request that is no tool call. */
function refused(error: unknown): ProtocolError {
  if (!(error instanceof CoterieError))
    return new ProtocolError(ProtocolErrorCode.InternalError, 'Something unexpected happened.');
  const code = error.status < 500 ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, `${error.message} ${error.hint}`, error.toJSON());
}

/** The idempotency key that a client gives with a call, in `_meta`. */
function keyOf({ mcpReq }: ServerContext): string | undefined {
  const key = mcpReq._meta?.['coterie/key'];
  return typeof key === 'string' && key.length >= 1 && key.length <= 256 ? key : undefined;
}

/** A server of the protocol for one connection, or one request. */
export function serverOf({ face, version, handle, following }: Served): Server {
  const server = new Server(
    { name: 'coterie', version },
    {
      capabilities: { tools: {}, resources: { subscribe: true } },
      instructions: `Channels, tasks and memory of your team.${handle === undefined ? '' : ` You are @${handle}.`} ${begin}`,
    },
  );
  server.setRequestHandler('tools/list', () => ({ tools: [...face.list()] }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const { signal } = context.mcpReq;
    const result = await face.call(params.name, params.arguments, { signal, key: keyOf(context) });
    if (result) return { ...result };
    const names = face.list().map(({ name }) => name);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${params.name}.`, {
      legal: names,
    });
  });
  server.setRequestHandler('resources/list', () => ({ resources: [...resources] }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...templates] }));
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    try {
      const text = await readResource(face, uri, context.mcpReq.signal);
      return { contents: [{ uri, mimeType: 'text/plain', text }] };
    } catch (error) {
      throw refused(error);
    }
  });
  server.setRequestHandler('resources/subscribe', ({ params: { uri } }) => {
    try {
      if (isOurs(uri)) named(uri);
    } catch (error) {
      throw refused(error);
    }
    following.add(uri);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    following.delete(uri);
    return {};
  });
  return server;
}

/**
 * Serves one client whose words come by `said` and are answered on stdout, in whichever version of the protocol it opens
 * with. The end of `said` ends it at once, whatever is still to be answered.
 */
export function onStdio(
  factory: McpServerFactory,
  said: Readable,
  trouble: (error: Error) => void,
): { close(): Promise<void> } {
  return serveStdio(factory, { transport: new StdioServerTransport(said), onerror: trouble });
}

/** Answers a request of HTTP whose body was read and parsed; undefined where it has none. */
export type Exchange = (request: Request, body: unknown) => Promise<Response>;

export interface SessionOptions {
  readonly id: string;
  /** The client ended it. */
  readonly closed: () => void;
}

/** One session of a client over HTTP, in the versions of the protocol that have sessions. */
export async function openSession(
  server: Server,
  { id, closed }: SessionOptions,
): Promise<{ answer: Exchange; close(): Promise<void> }> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => id,
    onsessionclosed: closed,
  });
  await server.connect(transport);
  return {
    answer: (request, parsedBody) => transport.handleRequest(request, { parsedBody }),
    close: () => server.close(),
  };
}

/** Requests that stand each by itself, in the versions of the protocol that have no sessions. */
export function openRequests(
  factory: McpServerFactory,
  bus: ServerEventBus,
): { answer: Exchange; close(): Promise<void> } {
  const handler = createMcpHandler(factory, { legacy: 'reject', bus });
  return {
    answer: (request, parsedBody) => handler.fetch(request, { parsedBody }),
    close: () => handler.close(),
  };
}
