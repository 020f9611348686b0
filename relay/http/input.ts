import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { CoterieError } from '../../schemas/index.ts';

/** A request body, bytes. The largest text takes 64 KB, six times that when every character is escaped. */
export const bodyBytes = 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

type Issue = z.core.$ZodIssue;

function sentence(issue: Issue, value: unknown): string {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`));
    return `unknown field${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
  }
  if (path === '') return issue.message;
  let here = value;
  for (const step of issue.path)
    here = typeof here === 'object' && here !== null ? (Reflect.get(here, step) as unknown) : undefined;
  if (here === undefined) return `${path} is missing`;
  // A text of the query that is to be a number, and is none.
  const message = issue.message.endsWith('received NaN') ? 'it is not a number' : issue.message;
  return `${path}: ${message}`;
}

/** Checks a value against its schema; the error names the field. */
export function check<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues;
  const large = issues.find((issue) => issue.code === 'custom' && issue.params?.['code'] === 'too_large');
  if (large) throw new CoterieError('too_large', sentence(large, value));
  throw new CoterieError(
    'invalid',
    issues
      .slice(0, 3)
      .map((issue) => sentence(issue, value))
      .join('; '),
  );
}

/** The query as an object. A name given twice is refused: which one was meant would be a guess. */
export function queryOf(search: URLSearchParams): Record<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of search) {
    if (query.has(name)) throw new CoterieError('invalid', `${name} is given twice`);
    query.set(name, value);
  }
  return Object.fromEntries(query);
}

/** Header bytes arrive as Latin-1. People send UTF-8; what is none stays as it came, so that two keys never become one. */
function headerText(value: string): string {
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

/** The client's idempotency key. */
export function keyOf(incoming: IncomingMessage): string | undefined {
  const key = incoming.headers['idempotency-key'];
  if (key === undefined) return undefined;
  const text = headerText(String(key));
  if (text.length >= 1 && text.length <= 256) return text;
  throw new CoterieError('invalid', 'Idempotency-Key has 1 to 256 characters');
}

const announced = (incoming: IncomingMessage): boolean =>
  incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length'] ?? 0) > 0;

/** Refuses a body where none belongs, so that nobody believes it was read. */
export function expectNoBody(incoming: IncomingMessage): void {
  if (announced(incoming)) throw bodyUnexpected(incoming.method ?? 'This method');
}

export const bodyUnexpected = (method: string): CoterieError =>
  new CoterieError('invalid', `${method} takes no body here`, {
    hint: 'Send what it takes in the path and the query.',
  });

export const bodyMissing = (): CoterieError => new CoterieError('invalid_json', 'the request has no body');

export const bodyTooLarge = (most = bodyBytes): CoterieError =>
  new CoterieError('too_large', `the request body is larger than ${most} bytes`);

function collect(incoming: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let whole = false;
    const tooLarge = (): void => reject(bodyTooLarge(most));
    if (Number(incoming.headers['content-length'] ?? 0) > most) {
      tooLarge();
      return;
    }
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > most) tooLarge();
      else chunks.push(chunk);
    });
    incoming.on('end', () => {
      whole = true;
      resolve(Buffer.concat(chunks));
    });
    // `close` also follows an ordinary end, and an error costs its stack.
    const broken = (): void => {
      if (!whole) reject(new CoterieError('invalid_json', 'the request body ended early'));
    };
    incoming.on('error', broken);
    incoming.on('close', broken);
  });
}

const jsonType = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The body as JSON, of at most so many bytes; `{}` when there is none and none is needed. */
export async function readJson(
  incoming: IncomingMessage,
  optional: boolean,
  most = bodyBytes,
): Promise<unknown> {
  if (!announced(incoming)) {
    if (optional) return {};
    throw bodyMissing();
  }
  const type = incoming.headers['content-type'];
  if (type === undefined || !jsonType.test(type))
    throw new CoterieError('invalid_json', `content-type is ${type ?? 'missing'}, not application/json`);
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new CoterieError('invalid_json', `content-encoding ${encoding} is not understood`);
  const bytes = await collect(incoming, most);
  if (optional && bytes.length === 0) return {};
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'not UTF-8';
    throw new CoterieError('invalid_json', `the request body is not JSON: ${why}`);
  }
}
