import type { ServerResponse } from 'node:http';
import { CoterieError, type ErrorAnswer } from '../../schemas/index.ts';
import type { Log } from '../node/log.ts';

/** What an error becomes on the wire. */
export interface Refusal {
  readonly status: number;
  readonly answer: ErrorAnswer;
  readonly headers: Readonly<Record<string, string>>;
}

const waits = new WeakMap<CoterieError, number>();

/** Says with an error after how many seconds it makes sense to ask again. */
export function withWait(error: CoterieError, seconds: number): CoterieError {
  waits.set(error, Math.max(1, seconds));
  return error;
}

/** Seconds after which it makes sense to ask again, where that is known. */
export const waitOf = (error: CoterieError): number | undefined =>
  waits.get(error) ?? (error.code === 'busy' ? 1 : undefined);

/**
 * Any error as one of the closed list. What is none of them is a mistake of ours: the log gets it whole, the client
 * only learns that it happened.
 */
export function refusalOf(error: unknown, log: Log, where: string): Refusal {
  const known =
    error instanceof CoterieError ? error : new CoterieError('internal', 'Something unexpected happened.');
  if (known !== error || known.code === 'internal') log.error({ err: error, where }, 'a request failed');
  const headers: Record<string, string> = {};
  if (known.code === 'unauthorized') headers['www-authenticate'] = 'Bearer';
  if (known.code === 'bad_method' && known.legal) headers['allow'] = known.legal.join(', ');
  const wait = waitOf(known);
  if (wait !== undefined) headers['retry-after'] = String(wait);
  return { status: known.status, answer: known.toJSON(), headers };
}

/** Sent with every answer: nothing is cached, framed, sniffed or readable from another site. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Answers with a text. Nothing is sent to a client that hung up, or a second time. */
export function send(
  outgoing: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  outgoing.end(text);
}

/** Answers with an error. */
export function sendRefusal(
  outgoing: ServerResponse,
  refusal: Refusal,
  more: Readonly<Record<string, string>> = {},
): void {
  const headers = { ...safeHeaders, ...refusal.headers, 'content-type': 'application/json', ...more };
  send(outgoing, refusal.status, headers, JSON.stringify(refusal.answer));
}
