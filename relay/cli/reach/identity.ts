import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { makeDirectories } from '../../../src/storage/make-directories.ts';
import type { Settings } from '../settings.ts';

/** What the command line keeps in a data directory. Losing it loses nothing but the default member. */
export interface Remembered {
  /** The member named at the first `up`. */
  readonly member?: string;
  /** Handles that are known to exist, so that a write need not ask. */
  readonly known: readonly string[];
}

const path = (directory: string): string => join(directory, 'cli.json');

/** What was kept; nothing when the file is absent or makes no sense. */
export function remembered(directory: string): Remembered {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path(directory), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return { known: [] };
    const member = 'member' in parsed && typeof parsed.member === 'string' ? parsed.member : undefined;
    const known = 'known' in parsed && Array.isArray(parsed.known) ? parsed.known : [];
    return {
      ...(member === undefined ? {} : { member }),
      known: known.filter((handle): handle is string => typeof handle === 'string'),
    };
  } catch {
    return { known: [] };
  }
}

/** Keeps it; of two at once the later wins, which costs at most a question asked again. */
export function remember(directory: string, what: Remembered): void {
  const draft = `${path(directory)}.${process.pid}`;
  try {
    makeDirectories(directory, 0o700);
    writeFileSync(draft, `${JSON.stringify(what)}\n`, { mode: 0o600 });
    renameSync(draft, path(directory));
  } catch {
    // A directory that cannot be written to is reported by whatever needs it.
  }
}

/** Whether a text is a handle as it stands; the schemas say the same, and load zod to say it. */
export const isHandle = (text: string): boolean =>
  text.length <= 32 && /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text);

/** A user name as a handle: `José Álvarez` becomes `jose-alvarez`. */
export function handleFrom(name: string): string {
  const ascii = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const joined = ascii.replace(/[^a-z0-9._-]+/g, '-').replace(/([._-])[._-]+/g, '$1');
  return joined.slice(0, 32).replace(/^[._-]+|[._-]+$/g, '') || 'me';
}

function userName(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['USER'] || env['USERNAME'] || env['LOGNAME'];
  if (named) return named;
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** Who speaks, and whether that was said or is only a guess from the user name. */
export function speaker(
  settings: Settings,
  kept: Remembered,
  env: Readonly<Record<string, string | undefined>>,
): { readonly handle: string; readonly named: boolean } {
  const named = settings.as ?? kept.member;
  return named === undefined
    ? { handle: handleFrom(userName(env)), named: false }
    : { handle: named, named: true };
}
