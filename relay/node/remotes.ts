import { join } from 'node:path';
import { z } from 'zod';
import { CoterieError, PublicKey, RelayMode } from '../../schemas/index.ts';
import { readPrivate, replacePrivate } from './private-file.ts';

const Remote = z.strictObject({
  /** Its origin: `https://relay.example`. */
  url: z.string(),
  mode: RelayMode,
  /** Its listening key as first seen; null for a node of before `/v1/relay`. */
  key: PublicKey.nullable(),
  added: z.iso.datetime(),
  /** The enrolment code that was given with it: a relay that was emptied is asked again. */
  code: z.string().optional(),
});
/** A relay or node that this directory is synced with, always. */
export type Remote = z.infer<typeof Remote>;

const File = z.strictObject({ coterie: z.literal(1), remotes: z.array(Remote) });

/** The remotes of a data directory, in a file that only its owner may read. */
export interface Remotes {
  /** In the order in which they were added. */
  list(): readonly Remote[];
  /** Adds it, or replaces the one of its URL; durable when this returns. */
  put(remote: Remote): void;
  /** False when there was none. */
  remove(url: string): boolean;
  /** Calls `hear` after each change. Returns what stops that. */
  onChange(hear: () => void): () => void;
}

/** More than anybody has a use for. */
const most = 16;

/**
 * Opens the remotes of a data directory, for the one process that owns it. Throws `directory_unreadable` for a file that
 * others could have written, or that is none of ours.
 */
export function openRemotes(directory: string): Remotes {
  const path = join(directory, 'remotes.json');
  const hearers = new Set<() => void>();
  let all = read(path);
  function become(next: readonly Remote[]): void {
    const file: z.infer<typeof File> = { coterie: 1, remotes: [...next] };
    replacePrivate(path, `${JSON.stringify(file, null, 2)}\n`);
    all = next;
    for (const hear of [...hearers]) hear();
  }
  return {
    list: () => all,
    put(remote) {
      const at = all.findIndex(({ url }) => url === remote.url);
      if (at < 0 && all.length >= most)
        throw new CoterieError('too_large', `There are ${most} remotes already.`, {
          hint: 'Remove one first, with: coterie remote remove URL',
        });
      become(at < 0 ? [...all, remote] : all.with(at, remote));
    },
    remove(url) {
      if (!all.some((one) => one.url === url)) return false;
      become(all.filter((one) => one.url !== url));
      return true;
    },
    onChange(hear) {
      hearers.add(hear);
      return () => void hearers.delete(hear);
    },
  };
}

function read(path: string): readonly Remote[] {
  const text = readPrivate(path);
  if (text === undefined) return [];
  const parsed = File.safeParse(parse(text));
  if (parsed.success) return parsed.data.remotes;
  throw new CoterieError('directory_unreadable', `${path} does not hold remotes.`, {
    hint: 'Remove it, and add them again with: coterie remote add URL',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
