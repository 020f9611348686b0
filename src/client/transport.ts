/**
 * How the client reaches a node: one request, one answer whose body is read once, whole or as it arrives.
 *
 * A transport resolves with every answer, whatever its status, and rejects when there was none: no connection, a
 * connection that broke, or an aborted signal. `answered` of the rejection is unknown then, so a write may or may
 * not have been stored; the client says so.
 */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportAnswer {
  readonly status: number;
  /** The whole body. */
  text(): Promise<string>;
  /** The body as it arrives, decoded; leaving the loop early ends the connection. */
  chunks(): AsyncIterable<string>;
}

export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/** The transport of everything that has `fetch`: browsers, Node, edge runtimes. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal }) => {
  const answer = await fetch(url, {
    method,
    headers: { ...headers },
    // A redirect would carry the token somewhere else.
    redirect: 'error',
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    status: answer.status,
    text: () => answer.text(),
    chunks: () => decoded(answer.body),
  };
};

async function* decoded(body: ReadableStream<Uint8Array> | null): AsyncIterable<string> {
  if (body === null) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
