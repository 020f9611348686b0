import type { z } from 'zod';
import { CoterieError, limits } from '../../schemas/index.ts';

/** Checks an input against its schema. Throws `invalid` naming the field, `too_large` for a text over its limit. */
export function checked<T extends z.ZodType>(schema: T, input: unknown): z.infer<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const code =
    issue && 'params' in issue && (issue.params as { code?: string } | undefined)?.code === 'too_large'
      ? 'too_large'
      : 'invalid';
  throw new CoterieError(code, path === '' ? (issue?.message ?? 'not valid') : `${path}: ${issue?.message}`);
}

const within = (limit: number): boolean => limit >= 1 && limit <= limits.pageSize;

/** A page that can be read: other fields of a query are names, which are looked for and found or not. */
export function paged<Q extends { limit?: unknown; cursor?: unknown }>(query: Q | undefined): Q | undefined {
  const { limit, cursor } = query ?? {};
  if (limit !== undefined && !(Number.isSafeInteger(limit) && within(Number(limit))))
    throw new CoterieError('invalid', `limit: it is not a whole number from 1 to ${limits.pageSize}`);
  if (cursor !== undefined && typeof cursor !== 'string')
    throw new CoterieError('invalid', 'cursor: it is not text');
  return query;
}
