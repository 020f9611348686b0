import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../../../src/storage/make-directories.ts';
import { stateDirectory } from '../../node/machine/state.ts';

/** What a session of an agent was told, so that nothing is told twice. Losing it costs only a repeat. */
export interface Told {
  /** Ids of inbox items. */
  readonly items: readonly string[];
  /** How many operations were unread. */
  readonly pending: number;
}

/** Sessions that were not heard of for this long are forgotten, ms. */
const AGE = 7 * 24 * 60 * 60 * 1000;
/** Ids that are kept of one session. */
const MOST = 2000;

const folder = (): string => join(stateDirectory(), 'hooks');
const path = (session: string, member: string): string =>
  join(folder(), createHash('sha256').update(`${session}\0${member}`).digest('hex').slice(0, 32));

/** What a session was told so far; nothing when it is new. */
export function toldTo(session: string, member: string): Told {
  try {
    const kept: unknown = JSON.parse(readFileSync(path(session, member), 'utf8'));
    if (typeof kept !== 'object' || kept === null) return { items: [], pending: 0 };
    const items = 'items' in kept && Array.isArray(kept.items) ? kept.items : [];
    const pending = 'pending' in kept && typeof kept.pending === 'number' ? kept.pending : 0;
    return { items: items.filter((id): id is string => typeof id === 'string'), pending };
  } catch {
    return { items: [], pending: 0 };
  }
}

/** Keeps it, and forgets sessions that are long over. */
export function keepTold(session: string, member: string, { items, pending }: Told): void {
  try {
    makeDirectories(folder(), 0o700);
    const draft = `${path(session, member)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ items: items.slice(-MOST), pending }), { mode: 0o600 });
    renameSync(draft, path(session, member));
    for (const name of readdirSync(folder())) {
      const file = join(folder(), name);
      if (Date.now() - statSync(file).mtimeMs > AGE) unlinkSync(file);
    }
  } catch {
    // Then it is told again.
  }
}
