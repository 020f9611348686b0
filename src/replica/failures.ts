import { CoterieError } from '../../schemas/index.ts';
import { StorageError } from '../storage/port.ts';

/** A storage error as users meet it: the same code, of the closed list. Others pass as they are. */
export const asCoterie = (error: unknown): unknown =>
  error instanceof StorageError ? new CoterieError(error.code, error.message, { cause: error }) : error;

type Call = (...args: never[]) => unknown;

/**
 * The same object, whose functions (at any depth) reject and throw with errors of the closed list. `before` runs ahead of
 * each call and may refuse it.
 */
export function withCodes<T extends object>(verbs: T, before: () => void): T {
  const wrapped = Object.entries(verbs).map(([name, value]): [string, unknown] => {
    if (typeof value === 'function') return [name, guarded(name, value as Call, before)];
    if (typeof value === 'object' && value !== null && isVerbs(value))
      return [name, withCodes(value, before)];
    return [name, value];
  });
  return Object.fromEntries(wrapped) as T;
}

const isVerbs = (value: object): boolean =>
  Object.values(value).every((member) => typeof member === 'function');

/** The verbs that answer with a stream, and so refuse at the call; the others reject. */
const streams: ReadonlySet<string> = new Set(['events', 'searchStream']);

function guarded(name: string, call: Call, before: () => void): Call {
  const run: Call = (...args) => {
    before();
    return call(...args);
  };
  if (!streams.has(name))
    return async (...args) => {
      try {
        return await run(...args);
      } catch (error) {
        return rethrow(error);
      }
    };
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      return rethrow(error);
    }
  };
}

function rethrow(error: unknown): never {
  throw asCoterie(error);
}
