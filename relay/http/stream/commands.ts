import { z } from 'zod';
import { CoterieError } from '../../../schemas/index.ts';
import type { Caller } from '../../proof/callers.ts';
import type { Asked } from '../asked.ts';
import { refusalOf } from '../errors.ts';
import { bodyBytes, bodyMissing, bodyTooLarge, bodyUnexpected, check } from '../input.ts';
import { findRoute, methodsOf } from '../matching.ts';
import type { Door } from '../route.ts';

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

/** A command as a route is asked. */
const askedBy = ({ method, body, key }: Command, gone: AbortSignal): Asked => ({
  key: () => key,
  async json(optional) {
    if (body === undefined && !optional) throw bodyMissing();
    if (body !== undefined && Buffer.byteLength(JSON.stringify(body)) > bodyBytes) throw bodyTooLarge();
    return body === undefined ? {} : body;
  },
  expectNoBody() {
    if (body !== undefined) throw bodyUnexpected(method);
  },
  gone: () => gone,
});

async function run(
  door: Door,
  caller: Caller,
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
  await door.allowance.take(caller.name);
  const asked = askedBy(command, gone);
  const body = await route.run({ door, asked, caller, params, search: searchParams });
  return { status: route.status ?? 200, body };
}

/** Does what a frame asks for, as the member; what it answers is a frame, never an error. */
export async function answerTo(door: Door, caller: Caller, text: string, gone: AbortSignal): Promise<object> {
  let call: unknown = null;
  try {
    const value = parsed(text);
    call = (value as { call?: unknown } | null)?.call ?? null;
    const command = check(Command, value);
    return { answer: command.call, ...(await run(door, caller, command, gone)) };
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
