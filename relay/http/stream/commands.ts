import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { z } from 'zod';
import { CoterieError } from '../../../schemas/index.ts';
import { refusalOf } from '../errors.ts';
import { check } from '../input.ts';
import { findRoute, methodsOf } from '../matching.ts';
import { type Door, isJson } from '../route.ts';

/** A request of `/v1`, as a frame. */
const Command = z.strictObject({
  /** Comes back in the answer. */
  call: z.union([z.string().max(256), z.number()]),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** With its query. */
  path: z.string().max(8192).startsWith('/'),
  body: z.unknown().optional(),
  /** Idempotency key of a write. */
  key: z.string().min(1).max(256).optional(),
});
type Command = z.infer<typeof Command>;

/** The body and headers of a command as a request carries them. */
function carried({ method, path, body, key }: Command): IncomingMessage {
  const incoming = new IncomingMessage(new Socket());
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  incoming.method = method;
  incoming.url = path;
  incoming.headers = {
    ...(bytes ? { 'content-type': 'application/json', 'content-length': String(bytes.length) } : {}),
    // As a header arrives.
    ...(key === undefined ? {} : { 'idempotency-key': Buffer.from(key).toString('latin1') }),
  };
  if (bytes) incoming.push(bytes);
  incoming.push(null);
  return incoming;
}

async function run(
  door: Door,
  handle: string,
  command: Command,
  gone: AbortSignal,
): Promise<{ status: number; body: unknown }> {
  const { pathname, searchParams } = new URL(command.path, 'http://node');
  const isThere = pathname.startsWith('/v1/');
  const found = isThere ? findRoute(command.method, pathname) : undefined;
  if (!found) {
    const legal = isThere ? methodsOf(pathname).filter((method) => method !== 'HEAD') : [];
    throw legal.length > 0
      ? new CoterieError('bad_method', `${command.method} is not a method of this path`, { legal })
      : new CoterieError('no_route', `There is no ${pathname} here`);
  }
  const { route, params } = found;
  if (!isJson(route.answer))
    throw new CoterieError(
      'unsupported',
      `${pathname} answers with a stream of its own: ask for it over HTTP.`,
    );
  const incoming = carried(command);
  const outgoing = new ServerResponse(incoming);
  // Who goes has hung up on what it waits for.
  const hangUp = (): boolean => outgoing.emit('close');
  gone.addEventListener('abort', hangUp, { once: true });
  await door.allowance.take(handle, outgoing);
  const exchange = { door, incoming, outgoing, handle, params, search: searchParams };
  try {
    return { status: route.status ?? 200, body: await route.run(exchange) };
  } finally {
    gone.removeEventListener('abort', hangUp);
  }
}

/** Does what a frame asks for, as the member; what it answers is a frame, never an error. */
export async function answerTo(door: Door, handle: string, text: string, gone: AbortSignal): Promise<object> {
  let call: unknown = null;
  try {
    const value = parsed(text);
    call = (value as { call?: unknown } | null)?.call ?? null;
    const command = check(Command, value);
    return { answer: command.call, ...(await run(door, handle, command, gone)) };
  } catch (error) {
    const { status, answer } = refusalOf(error, door.log, '/v1/stream');
    return {
      answer: typeof call === 'string' || typeof call === 'number' ? call : null,
      status,
      body: answer,
    };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CoterieError('invalid_json', 'the frame is not JSON');
  }
}
