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
  readonly hash: Buffer;
  readonly stamp: string;
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
 * Recognises tokens, also those that the command line makes while the node runs: what is known is read again when the
 * directory changed, and the file of a token that fits is looked at again each time, so that removing it takes effect
 * at once. Hashes are compared in constant time, all of them, so that timing tells nothing of a token.
 */
export function openTokens(data: string): Tokens {
  const directory = directoryOf(data);
  privateDirectory(directory);
  let known: Known[] = [];
  let untrusted = new Map<string, CoterieError>();
  let seen: string | undefined;

  function load(): void {
    seen = stampOf(directory);
    known = [];
    untrusted = new Map();
    for (const handle of readdirSync(directory)) {
      if (!Handle.safeParse(handle).success) continue;
      const stamp = stampOf(join(directory, handle));
      try {
        const token = readToken(data, handle);
        if (token !== undefined && stamp !== undefined) known.push({ handle, hash: hashOf(token), stamp });
      } catch (error) {
        // One file that must not be trusted does not lock out the other members.
        if (error instanceof CoterieError) untrusted.set(handle, error);
        else throw error;
      }
    }
  }

  function find(hash: Buffer): Known | undefined {
    let found: Known | undefined;
    for (const one of known) if (timingSafeEqual(one.hash, hash)) found = one;
    return found;
  }

  return {
    whose(token) {
      if (!form.test(token)) return undefined;
      if (stampOf(directory) !== seen) load();
      const hash = hashOf(token);
      const found = find(hash);
      if (found === undefined) return undefined;
      if (stampOf(join(directory, found.handle)) === found.stamp) return found.handle;
      load();
      const trouble = untrusted.get(found.handle);
      if (trouble) throw new CoterieError('unauthorized', trouble.message, { hint: trouble.hint });
      return find(hash)?.handle;
    },
  };
}
