import type { ErrorAnswer, ErrorCode } from '../../schemas/index.ts';
import { certificateFault, certificateSaid } from './certificates.ts';
import type { Transport, TransportAnswer, TransportRequest } from './transport.ts';

type Method = TransportRequest['method'];
/** Values of a query string; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** Idempotency key of a write. */
  readonly key?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Caller {
  /** One request whose answer is JSON. */
  json<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
  /** One request whose answer is read as it arrives. */
  open(method: Method, path: string, options?: CallOptions): Promise<TransportAnswer>;
}

/**
 * An error of the closed list. The list and its class come with the schemas, which load zod: a program that meets
 * no error never waits for that.
 */
export async function failure(
  code: ErrorCode,
  message: string,
  options: { hint?: string; legal?: readonly string[]; cause?: unknown } = {},
): Promise<Error> {
  const { CoterieError } = await import('../../schemas/coterie-error.ts');
  return new CoterieError(code, message, options);
}

/** Makes requests to `<url>/v1/…` as the member that the token names. */
export function createCaller(url: string, token: string | undefined, transport: Transport): Caller {
  const root = `${url.replace(/\/+$/, '')}/v1`;

  const open = async (method: Method, path: string, options: CallOptions = {}) => {
    const { query, body, key, accept = 'application/json', signal } = options;
    const headers: Record<string, string> = { accept };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (key !== undefined) headers['idempotency-key'] = await headerOf(key);
    let answer: TransportAnswer;
    try {
      answer = await transport({
        method,
        url: `${root}${path}${queryString(query)}`,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
    } catch (cause) {
      throw signal?.aborted ? signal.reason : await noAnswer(url, method, cause);
    }
    if (answer.status >= 400) throw await refused(url, answer);
    return answer;
  };

  return {
    open,
    async json<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
      const answer = await open(method, path, options);
      let body: string;
      try {
        body = await answer.text();
      } catch (cause) {
        throw options.signal?.aborted ? options.signal.reason : await noAnswer(url, method, cause);
      }
      const parsed = parse(body);
      if (parsed === undefined)
        throw await failure('unreachable', `${url} answered something that is not JSON`);
      return parsed as T;
    },
  };
}

/** Headers carry bytes; a key in any script travels as UTF-8. */
async function headerOf(key: string): Promise<string> {
  if (key.length >= 1 && key.length <= 256 && key === key.trim() && !/\p{Cc}/u.test(key)) {
    return String.fromCharCode(...new TextEncoder().encode(key));
  }
  const hint = 'Use up to 256 characters, no control characters, no blanks at either end.';
  throw await failure('invalid', 'the idempotency key cannot be sent', { hint });
}

function queryString(query: Query | undefined): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) pairs.set(name, String(value));
  }
  const text = pairs.toString();
  return text === '' ? '' : `?${text}`;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The connection failed or broke. Refused connections carried nothing; of others nobody knows. */
function noAnswer(url: string, method: Method, cause: unknown): Promise<Error> {
  const fault = certificateFault(cause);
  if (fault) return failure(fault, certificateSaid(url, fault), { cause });
  if (method === 'GET' || neverConnected(cause)) {
    return failure('unreachable', `no node answers at ${url}`, { cause });
  }
  return failure('unreachable', `${url} did not answer: it is not known whether this was stored`, {
    hint: 'Look whether it is there, or send it again with the same idempotency key.',
    cause,
  });
}

/** True when an error, or what caused it, says that no connection came about. */
function neverConnected(error: unknown): boolean {
  const none = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && none.includes(String(at.code))) return true;
    if (at instanceof AggregateError && at.errors.some(neverConnected)) return true;
  }
  return false;
}

async function refused(url: string, answer: TransportAnswer): Promise<Error> {
  const body = parse(await answer.text().catch(() => ''));
  if (isErrorAnswer(body)) return failureOf(body);
  const hint = 'Is this the URL of a Coterie node?';
  return failure('unreachable', `${url} answered with status ${answer.status} and no error of Coterie`, {
    hint,
  });
}

/** The error that an answer tells of. */
export async function failureOf({ error }: ErrorAnswer): Promise<Error> {
  const { code, message, hint, legal } = error;
  return failure(await known(code), message, { hint, ...(legal ? { legal } : {}) });
}

/** A newer node may answer with a code that this version does not have. */
async function known(code: ErrorCode): Promise<ErrorCode> {
  const { errorKinds } = await import('../../schemas/errors.ts');
  return Object.hasOwn(errorKinds, code) ? code : 'internal';
}

/** True for the one shape of errors. */
export function isErrorAnswer(value: unknown): value is ErrorAnswer {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false;
  const { error } = value;
  if (typeof error !== 'object' || error === null) return false;
  return 'code' in error && typeof error.code === 'string' && 'message' in error && 'hint' in error;
}
