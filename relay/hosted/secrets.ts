import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { createPrivate, readPrivate } from '../node/private-file.ts';

/** A secret of a relay: the same at each start, in a file that only its owner may read. */
export interface Secret {
  readonly value: string;
  readonly file: string;
  /** Compares in a time that tells nothing. */
  is(given: string | undefined): boolean;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The secret that lies in a directory under a name; made when there is none. Throws `directory_unreadable`. */
export function openSecret(directory: string, name: string): Secret {
  const file = join(directory, name);
  createPrivate(file, `${randomBytes(16).toString('hex')}\n`);
  const value = readPrivate(file)?.trim() ?? '';
  const expected = digest(value);
  return {
    value,
    file,
    is: (given) => given !== undefined && value !== '' && timingSafeEqual(digest(given), expected),
  };
}
