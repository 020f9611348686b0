import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddingError } from '../port.ts';
import type { Address } from './address.ts';
import { bodyOf } from './body.ts';

/** One question to an endpoint, as JSON. */
export interface Request {
  readonly address: Address;
  readonly body: unknown;
  readonly key: string | undefined;
  /** Of the model, for people. */
  readonly model: string;
  /** How long the answer may take, ms: of a query in all, of documents at each try. */
  readonly patience: number;
  /** How often documents are tried; undefined where only the time counts. */
  readonly tries: number | undefined;
  /** The first wait before another try, ms; it doubles. */
  readonly backoff: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** An endpoint that refuses a text for its length, which a shorter one may mend. */
export class TooLongError extends EmbeddingError {}

/** The longest that an endpoint may ask documents to wait, ms. */
const LONGEST_WAIT = 60_000;
/** Statuses after which the same question may be answered a moment later. */
const passing = new Set([408, 429, 500, 502, 503, 504, 529]);

interface Failed {
  readonly error: EmbeddingError;
  /** Undefined where another try would fail as well; else how long the endpoint wants to be left alone, ms. */
  readonly again: number | undefined;
}

/** Asks, and again where that may help. Resolves to the JSON of the answer; rejects with an `EmbeddingError`. */
export async function request(asked: Request): Promise<unknown> {
  const { tries, signal } = asked;
  const end = performance.now() + asked.patience;
  let wait = asked.backoff;
  for (let tried = 1; ; tried++) {
    const left = tries === undefined ? end - performance.now() : asked.patience;
    const result = await once(asked, Math.max(1, left));
    if ('json' in result) return result.json;
    const { error, again } = result;
    if (again === undefined) throw error;
    // Half of it by chance: several that were refused together do not come back together.
    const rest = Math.max(again, wait * (0.5 + Math.random() / 2));
    const enough = tries === undefined ? performance.now() + rest >= end : tried >= tries;
    if (enough || rest > LONGEST_WAIT) throw error;
    await pause(rest, undefined, { signal }).catch(() => {
      throw closed();
    });
    wait *= 2;
  }
}

export const closed = (): EmbeddingError => new EmbeddingError('The embedder is closed.');

async function once(asked: Request, patience: number): Promise<{ json: unknown } | Failed> {
  const { address, key, model, signal } = asked;
  const { shown } = address;
  const slow = AbortSignal.timeout(Math.ceil(patience));
  // What others say is cut short, and never repeats the key.
  const quoted = (text: string): string => {
    const clean = (key === undefined ? text : text.replaceAll(key, '…')).replaceAll(/\s+/g, ' ').trim();
    return clean === '' ? '' : ` It says: ${clean.length > 300 ? `${clean.slice(0, 300)}…` : clean}`;
  };
  try {
    const response = await fetch(address.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(asked.body),
      // Texts and the key go to the endpoint that was named, and nowhere else.
      redirect: 'manual',
      signal: AbortSignal.any([signal, slow]),
    });
    const text = await bodyOf(response, shown);
    if (response.ok) return parsed(text, shown, quoted);
    return refusal(response, quoted(saidIn(text)), { shown, model, key });
  } catch (error) {
    if (error instanceof EmbeddingError) return { error, again: undefined };
    if (signal.aborted) return { error: closed(), again: undefined };
    if (slow.aborted) {
      const seconds = Math.round(asked.patience / 100) / 10;
      const words = `${shown} did not answer within ${seconds} s: it may be overloaded, or still loading ${model}.`;
      return { error: new EmbeddingError(words), again: undefined };
    }
    return unreached(error, shown);
  }
}

function parsed(text: string, shown: string, quoted: (text: string) => string): { json: unknown } | Failed {
  try {
    return { json: JSON.parse(text) };
  } catch {
    const words = `${shown} answered something else than JSON: check that the URL is that of an embeddings endpoint.`;
    return { error: new EmbeddingError(words + quoted(text.slice(0, 200))), again: undefined };
  }
}

/** What an endpoint says of an error: each has a shape of its own. */
function saidIn(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    const found = [field(field(json, 'error'), 'message'), field(json, 'error'), field(json, 'message')];
    return found.find((one) => typeof one === 'string') ?? text;
  } catch {
    // A page for browsers tells a person nothing here.
    return text.trimStart().startsWith('<') ? '' : text;
  }
}

export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

function refusal(
  response: Response,
  said: string,
  { shown, model, key }: { shown: string; model: string; key: string | undefined },
): Failed {
  const { status, headers } = response;
  const failed = (words: string, again?: number): Failed => ({
    error: new EmbeddingError(words + said),
    again,
  });
  if (status >= 300 && status < 400) {
    const to = elsewhere(headers.get('location'), shown);
    return failed(`${shown} sends on to ${to}: give the URL of the endpoint itself.`);
  }
  if (status === 401 || status === 403) {
    const which = key === undefined ? 'it wants a key' : 'it does not take the key';
    return failed(`${shown} refuses (${status}): ${which}. Check COTERIE_EMBEDDINGS_KEY, or the option key.`);
  }
  if (status === 404)
    return failed(
      `${shown} knows no such route or model (404): check the URL, and that it has the model ${model}.`,
    );
  const long = status === 413 || /too (?:long|large|many tokens)|context length|maximum.*tokens/i.test(said);
  if (long && status < 500)
    return {
      error: new TooLongError(`${shown} finds a text too long (${status}).${said}`),
      again: undefined,
    };
  if (!passing.has(status))
    return failed(`${shown} refuses (${status}): check the model ${model} and its settings.`);
  const later = status === 429 ? 'is asked too often' : 'has trouble';
  return failed(`${shown} ${later} (${status}): try again later.`, waitOf(headers.get('retry-after')));
}

/** Seconds, or a time. */
function waitOf(header: string | null): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

/** Without the query, which may hold a secret. */
function elsewhere(location: string | null, from: string): string {
  if (location === null || !URL.canParse(location, from)) return 'nowhere';
  const { origin, pathname } = new URL(location, from);
  return origin + pathname;
}

/** What keeps a request from its endpoint. Messages of fetch itself are not repeated: they may quote headers. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Start it, or check the URL',
  ENOTFOUND: 'its name is not known. Check the URL and the network',
  EAI_AGAIN: 'its name cannot be looked up now. Check the network',
  EHOSTUNREACH: 'there is no way to it. Check the network',
  ENETUNREACH: 'there is no network to it. Check the network',
};
/** The connection was there, and broke. */
const broken = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function unreached(error: unknown, shown: string): Failed {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = String(field(cause, 'code') ?? field(error, 'code') ?? 'no code');
  const why = reasons[code] ?? `the connection failed (${code}). Check the URL and the network`;
  const words = `${shown} cannot be reached: ${why}.`;
  return { error: new EmbeddingError(words), again: broken.has(code) ? 0 : undefined };
}
