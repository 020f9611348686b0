import { CoterieError } from '../../schemas/index.ts';
import { StorageError } from '../storage/port.ts';

/** A storage error as users meet it: the same code, of the closed list. Others pass as they are. */
export const asCoterie = (error: unknown): unknown =>
  error instanceof StorageError ? new CoterieError(error.code, error.message, { cause: error }) : error;

type Call = (...args: never[]) => unknown;

/** The same object, whose functions (at any depth) reject and throw with errors of the closed list. */
export function withCodes<T extends object>(verbs: T): T {
  const wrapped = Object.entries(verbs).map(([name, value]): [string, unknown] => {
    if (typeof value === 'function') return [name, guarded(value as Call)];
    if (typeof value === 'object' && value !== null && isVerbs(value)) return [name, withCodes(value)];
    return [name, value];
  });
  return Object.fromEntries(wrapped) as T;
}

const isVerbs = (value: object): boolean =>
  Object.values(value).every((member) => typeof member === 'function');

function guarded(call: Call): Call {
  return (...args) => {
    try {
      const result = call(...args);
      return result instanceof Promise ? result.catch(rethrow) : result;
    } catch (error) {
      return rethrow(error);
    }
  };
}

function rethrow(error: unknown): never {
  throw asCoterie(error);
}
