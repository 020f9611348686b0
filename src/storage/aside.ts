import { rmSync } from 'node:fs';
import { cp, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Files } from './files.ts';
import { StorageError } from './port.ts';
import { toStorageError } from './store/trouble.ts';

/** Says that a replacement was begun, and with what. While it lies there nobody opens the directory before it is done. */
const INTENT_FILE = 'aside.json';
/** What takes the place of what is set aside lies here until it does. */
const FRESH = 'fresh';

/** What is copied lies here until the rest is moved: before that it is nothing, and the next attempt begins anew. */
const draftOf = (directory: string): string => `${directory}.setting-aside`;

interface Intent {
  /** Name, beside the directory, of where what was there goes. */
  readonly moved: string;
  /** What goes there. */
  readonly names: readonly string[];
}

/**
 * Replaces a part of a data directory that nobody has open, and leaves all that was there in `moved`, beside it: what
 * `isOwn` names is moved there, the rest is copied. `fill` makes the replacement in an empty directory. The directory
 * itself stays where it is at every moment, and a stop at any moment leaves all as it was, or something that the next
 * opening finishes.
 */
export async function setAside(options: {
  readonly directory: string;
  readonly moved: string;
  readonly isOwn: (name: string) => boolean;
  readonly fill: (fresh: string) => Promise<void>;
  readonly files: Files;
}): Promise<void> {
  try {
    await prepare(options);
    finishSettingAside(options.directory, options.files);
  } catch (error) {
    throw toStorageError(error, `The data directory ${options.directory} cannot be set aside`);
  }
}

async function prepare({
  directory,
  moved,
  isOwn,
  fill,
  files,
}: Parameters<typeof setAside>[0]): Promise<void> {
  const draft = draftOf(directory);
  await discard(draft);
  await discard(join(directory, FRESH));
  const names = (await readdir(directory)).filter((name) => name !== INTENT_FILE);
  files.makeDirectory(draft, 0o700);
  for (const name of names) if (!isOwn(name)) await copy(join(directory, name), join(draft, name));
  await fill(join(draft, FRESH));
  // A file system that moves nothing between the two places says so here, where nothing has begun.
  files.rename(join(draft, FRESH), join(directory, FRESH));
  files.syncDirectory(directory);
  files.syncDirectory(draft);
  const intent: Intent = { moved: basename(moved), names: names.filter(isOwn) };
  files.replace(join(directory, INTENT_FILE), Buffer.from(`${JSON.stringify(intent)}\n`), 0o600);
}

/**
 * Finishes a replacement that was begun: where what was there lies now, or undefined where none was begun. Each name
 * is moved once, however often this is cut off. Throws `storage_corrupt` where what was begun can not be read.
 */
export function finishSettingAside(directory: string, files: Files): string | undefined {
  const bytes = files.read(join(directory, INTENT_FILE));
  if (bytes === undefined) return undefined;
  const intent = readIntent(bytes, directory);
  const moved = join(dirname(directory), intent.moved);
  const fresh = join(directory, FRESH);
  if (files.exists(draftOf(directory))) files.rename(draftOf(directory), moved);
  files.syncDirectory(dirname(directory));
  const replaced = files.exists(fresh) ? files.list(fresh) : [];
  for (const name of intent.names) {
    // What lies there under its name already, and is not waited for here, was replaced before.
    if (!files.exists(join(directory, name)) || files.exists(join(moved, name))) continue;
    files.rename(join(directory, name), join(moved, name));
  }
  files.syncDirectory(moved);
  for (const name of replaced) files.rename(join(fresh, name), join(directory, name));
  files.syncDirectory(directory);
  rmSync(fresh, { recursive: true, force: true });
  files.remove(join(directory, INTENT_FILE));
  files.syncDirectory(directory);
  return moved;
}

function readIntent(bytes: Uint8Array, directory: string): Intent {
  const damaged = (cause?: unknown) =>
    new StorageError('storage_corrupt', `The file ${INTENT_FILE} in ${directory} is damaged.`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw damaged(error);
  }
  if (typeof value !== 'object' || value === null || !('moved' in value) || !('names' in value))
    throw damaged();
  const { moved, names } = value;
  if (typeof moved !== 'string' || moved !== basename(moved) || !Array.isArray(names)) throw damaged();
  return { moved, names: names.filter((name): name is string => typeof name === 'string') };
}

const discard = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** A copy that a power cut leaves as it is. */
async function copy(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  await synced(to);
}

async function synced(path: string): Promise<void> {
  const opened = await open(path, 'r');
  try {
    if ((await opened.stat()).isDirectory())
      for (const name of await readdir(path)) await synced(join(path, name));
    await opened.sync();
  } finally {
    await opened.close();
  }
}
