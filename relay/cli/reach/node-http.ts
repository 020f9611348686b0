import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Transport } from '../../../src/client/index.ts';

/** A transport that keeps one connection, until it is closed. */
export interface NodeTransport {
  readonly transport: Transport;
  close(): void;
}

/** `node:http` instead of `fetch`, which takes three times as long to load; for https `fetch` does. */
export function nodeTransport(): NodeTransport {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const transport: Transport = async (asked) => {
    if (!asked.url.startsWith('http:')) {
      const { fetchTransport } = await import('../../../src/client/transport.ts');
      return fetchTransport(asked);
    }
    const answer = await sent(agent, asked);
    answer.setEncoding('utf8');
    return { status: answer.statusCode ?? 0, text: () => whole(answer), chunks: () => parts(answer) };
  };
  return { transport, close: () => agent.destroy() };
}

function sent(agent: Agent, asked: Parameters<Transport>[0]): Promise<IncomingMessage> {
  const { method, url, headers, body, signal } = asked;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      url,
      {
        agent,
        method,
        headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    outgoing.on('error', reject);
    // As bytes: with a string Node would write the head in UTF-8 too, and spoil what is not ASCII in it.
    outgoing.end(body === undefined ? undefined : Buffer.from(body));
  });
}

async function whole(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of parts(answer)) text += part;
  return text;
}

async function* parts(answer: IncomingMessage): AsyncIterable<string> {
  // Leaving the loop early destroys the connection, and a connection that breaks before its end throws.
  for await (const part of answer) yield String(part);
}
