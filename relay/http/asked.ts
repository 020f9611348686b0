import type { IncomingMessage, ServerResponse } from 'node:http';
import { CoterieError } from '../../schemas/index.ts';
import { endsWithReader } from './gone.ts';
import { expectNoBody, keyOf, readJson } from './input.ts';

/** What a route takes besides path and query, by whichever way it was asked. */
export interface Asked {
  /** The client's idempotency key. Throws `invalid`. */
  key(): string | undefined;
  /** The body; `{}` when there is none and none is needed. Rejects with `invalid_json` and `too_large`. */
  json(optional: boolean): Promise<unknown>;
  /** Throws `invalid` where a body came that nobody would read. */
  expectNoBody(): void;
  /** Aborts when who asked is gone before the answer was sent: what waits for nobody need not go on. */
  gone(): AbortSignal;
  /** The connection itself, over HTTP: for answers that are streams. */
  readonly http?: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
}

export const hungUp = (): CoterieError => new CoterieError('closed', 'Who asked hung up.');

export const askedOverHttp = (incoming: IncomingMessage, outgoing: ServerResponse): Asked => ({
  key: () => keyOf(incoming),
  json: (optional) => readJson(incoming, optional),
  expectNoBody: () => expectNoBody(incoming),
  gone() {
    const gone = new AbortController();
    outgoing.once('close', () => {
      if (!outgoing.writableEnded) gone.abort(hungUp());
    });
    endsWithReader(outgoing);
    return gone.signal;
  },
  http: { incoming, outgoing },
});

/** The connection of a request over HTTP. Throws `unsupported` where it came by another way. */
export function connectionOf({ http }: Asked): NonNullable<Asked['http']> {
  if (http) return http;
  throw new CoterieError('unsupported', 'This answers with a stream of its own: ask for it over HTTP.');
}
