import type { ServerResponse } from 'node:http';
import type { McpHttp } from '../mcp/http.ts';
import type { Caller } from '../proof/callers.ts';
import { safeHeaders } from './errors.ts';
import { endsWithReader } from './gone.ts';
import { readJson } from './input.ts';
import type { Door } from './route.ts';

/** Answers the Model Context Protocol on the node's port. It is loaded when somebody asks. */
export function mcpDoor(
  door: Door,
): (request: Request, outgoing: ServerResponse, caller: Caller) => Promise<Response> {
  const { version, log, stopping, metrics } = door;
  let opened: Promise<McpHttp> | undefined;

  async function open(): Promise<McpHttp> {
    const { openMcpHttp } = await import('../mcp/http.ts');
    const trouble = (error: unknown) => log.warn({ err: error, where: '/mcp' }, 'MCP failed');
    const mcp = openMcpHttp({ version, trouble });
    const close = () => void mcp.close().catch(trouble);
    if (stopping.aborted) close();
    else stopping.addEventListener('abort', close, { once: true });
    return mcp;
  }

  return async (request, outgoing, caller) => {
    endsWithReader(outgoing);
    const watch = door.callers.watch(caller, () => outgoing.destroy());
    outgoing.once('close', watch.stop);
    const began = performance.now();
    const body = request.method === 'POST' ? await readJson(outgoing.req, false) : undefined;
    opened ??= open();
    const response = await (await opened).answer(request, body, caller);
    for (const [name, value] of Object.entries(safeHeaders)) response.headers.set(name, value);
    metrics.request(
      request.method.toLowerCase(),
      '/mcp',
      response.status,
      (performance.now() - began) / 1000,
    );
    return response;
  };
}
