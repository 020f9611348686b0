import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CoterieError, Handle } from '../../schemas/index.ts';
import { codeOf, createPrivate, privateDirectory, readPrivate } from './private-file.ts';

/** 32 random bytes in base64url. */
const form = /^[A-Za-z0-9_-]{43}$/;

const directoryOf = (data: string): string => join(data, 'tokens');

/** Where the token of a member lies. Throws `invalid` for what is no handle. */
export function tokenFile(data: string, handle: string): string {
  const parsed = Handle.safeParse(handle);
  if (!parsed.success)
    throw new CoterieError('invalid', `handle: ${parsed.error.issues[0]?.message ?? 'is not a handle'}`);
  return join(directoryOf(data), parsed.data);
}

/**
 * The token of a member, or `undefined` when none was made yet. Throws `directory_unreadable` for a file that is a
 * link, open to other users or not a token.
 */
export function readToken(data: string, handle: string): string | undefined {
  const path = tokenFile(data, handle);
  const text = readPrivate(path)?.trim();
  if (text === undefined || form.test(text)) return text;
  throw new CoterieError('directory_unreadable', `${path} does not hold a token`, {
    hint: 'Remove it; a new one is made on demand.',
  });
}

/** The token of a member, made on demand; of many makers at once all get the same one. */
export function tokenOf(data: string, handle: string): string {
  const path = tokenFile(data, handle);
  privateDirectory(directoryOf(data));
  const found = readToken(data, handle);
  if (found !== undefined) return found;
  const token = randomBytes(32).toString('base64url');
  if (createPrivate(path, `${token}\n`)) return token;
  const theirs = readToken(data, handle);
  if (theirs === undefined)
    throw new CoterieError('directory_unreadable', `${path} was removed while it was made`, {
      hint: 'Try again.',
    });
  return theirs;
}

/** What a node knows of the tokens in its data directory. */
export interface Tokens {
  /** The member whom a token names, or `undefined`. Throws when the file that holds it must not be trusted. */
  whose(token: string): string | undefined;
}

interface Known {
  readonly handle: string;
  /** Absent for a file that must not be trusted. */
  readonly hash: Buffer | undefined;
  readonly stamp: string | undefined;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Changes when the file is replaced, rewritten or gets another mode. */
function stampOf(path: string): string | undefined {
  try {
    const stat = lstatSync(path, { bigint: true });
    return `${stat.ino}.${stat.mode}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Recognises tokens, also those that the command line makes while the node runs: the file of a token that fits is
 * looked at again each time, so that removing it takes effect at once, and all of them are when none fits. Hashes are
 * compared in constant time, all of them, so that timing tells nothing of a token.
 */
export function openTokens(data: string, doubt: (error: CoterieError) => void = () => undefined): Tokens {
  const directory = directoryOf(data);
  privateDirectory(directory);
  const pathOf = (handle: string): string => join(directory, handle);
  let known = new Map<string, Known>();
  let seen: string | undefined;

  function load(): void {
    seen = stampOf(directory);
    const now = new Map<string, Known>();
    for (const handle of readdirSync(directory)) {
      if (!Handle.safeParse(handle).success) continue;
      const stamp = stampOf(pathOf(handle));
      const before = known.get(handle);
      now.set(handle, before && before.stamp === stamp ? before : { handle, hash: trusted(handle), stamp });
    }
    known = now;
  }

  /** One file that must not be trusted does not lock out the other members. */
  function trusted(handle: string): Buffer | undefined {
    try {
      const token = readToken(data, handle);
      return token === undefined ? undefined : hashOf(token);
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      doubt(error);
      return undefined;
    }
  }

  const unchanged = ({ handle, stamp }: Known): boolean => stampOf(pathOf(handle)) === stamp;

  function find(hash: Buffer): Known | undefined {
    let found: Known | undefined;
    for (const one of known.values()) if (one.hash && timingSafeEqual(one.hash, hash)) found = one;
    return found;
  }

  return {
    whose(token) {
      if (!form.test(token)) return undefined;
      const hash = hashOf(token);
      const found = find(hash);
      if (found && unchanged(found)) return found.handle;
      if (stampOf(directory) === seen && [...known.values()].every(unchanged)) return undefined;
      load();
      const again = find(hash);
      if (again) return again.handle;
      // It was good a moment ago: say what is wrong with its file now.
      if (found && known.has(found.handle)) explain(data, found.handle);
      return undefined;
    },
  };
}

function explain(data: string, handle: string): void {
  try {
    readToken(data, handle);
  } catch (error) {
    if (error instanceof CoterieError)
      throw new CoterieError('unauthorized', error.message, { hint: error.hint });
    throw error;
  }
}
