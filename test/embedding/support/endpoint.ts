import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** The vector of a text, of this size: the same text always has the same one, and others have others. */
export function vectorOf(text: string, dimensions: number): number[] {
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16777619);
  return Array.from({ length: dimensions }, (_, i) => {
    state = Math.imul(state ^ i, 16777619);
    return 3 * (state / 2 ** 31);
  });
}

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { model: string; input: string[]; dimensions?: number };
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** As JSON, unless it is a string. */
  readonly body: unknown;
}

/** Answers one request; undefined: it sees to the answer itself. */
export type Answering = (
  asked: Asked,
  response: ServerResponse,
) => Answer | undefined | Promise<Answer | undefined>;

export interface Endpoint {
  readonly url: string;
  readonly asked: Asked[];
  stop(): Promise<void>;
}

/** A server of embeddings on this machine that answers as it is told. */
export async function endpoint(answering: Answering): Promise<Endpoint> {
  const asked: Asked[] = [];
  const server = createServer(async (incoming, response) => {
    let text = '';
    for await (const part of incoming) text += String(part);
    const one: Asked = { path: incoming.url ?? '', headers: incoming.headers, body: JSON.parse(text) };
    asked.push(one);
    const answer = await answering(one, response);
    if (answer === undefined) return;
    const { status = 200, headers = {}, body } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop };
}
