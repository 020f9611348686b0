import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Address, CoterieError, Entry, Handle, Hash, Millis, PublicKey } from '../../../schemas/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed } from '../../keys/node.ts';
import {
  fromBase64url,
  makeGenesis,
  readEntry,
  type Signer,
  selfKey,
  toBase64url,
  verifySignature,
} from '../../op/index.ts';

/** A workspace as the user's machine knows it: its first operation and the secret that admits this user's replicas. */
export interface MachineWorkspace {
  readonly genesis: Entry;
  /** The genesis' hash. */
  readonly id: Hash;
  readonly name: string;
  /** The seed that admits this user's replicas: the machine's, which owns the workspace, or a ticket's. */
  readonly machine: Signer;
  /** Handle that made it on this machine, and owns it. */
  readonly maker?: string | undefined;
  /** For a workspace that was joined: who countersigns. */
  readonly joined?: Joined | undefined;
}

/** Of a ticket, what a later replica of this user needs. */
const Joined = z.strictObject({
  invite: Hash,
  addresses: z.array(Address).min(1).max(8),
  key: PublicKey,
  expires: Millis,
  /** Secrets of key epochs, the founding one first, for a workspace that was joined through a sealed relay. */
  sealed: z.strictObject({ epochs: z.array(z.tuple([Hash, z.string()])).min(1) }).optional(),
});
export type Joined = z.infer<typeof Joined>;

const File = z.strictObject({
  coterie: z.literal(1),
  genesis: Entry,
  machine: z.string(),
  maker: Handle.optional(),
  joined: Joined.optional(),
});

/** Where a workspace's file lies. */
export const workspaceFile = (config: string, name: string): string =>
  join(config, 'workspaces', `${name}.json`);

/**
 * The user's workspace of this name, or a new one whose arbiter is `arbiter`. Of several processes that make it at once
 * all get the same. Throws `directory_unreadable` for a file that others may read, or that is none of ours.
 */
export async function openMachineWorkspace(options: {
  readonly config: string;
  readonly name: string;
  /** The replica that makes it. */
  readonly arbiter: Hash;
  /** Handle that speaks through it. */
  readonly maker: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly stamp: () => string;
}): Promise<MachineWorkspace> {
  const path = workspaceFile(options.config, options.name);
  const there = await read(path);
  if (there) {
    // Another process may just have made it, and not synced all of its names yet.
    await syncNames(path, dirname(path));
    return there;
  }
  const seed = generateSeed(options.random);
  const machine = signerFromSeed(seed);
  const { entry: genesis } = await makeGenesis(nodeCrypto, {
    machine,
    name: options.name,
    arbiter: options.arbiter,
    stamp: options.stamp(),
    random: options.random,
  });
  const file = { coterie: 1, genesis, machine: toBase64url(seed), maker: options.maker };
  await create(path, `${JSON.stringify(file, null, 2)}\n`);
  const written = await read(path);
  if (!written) throw unreadable(path, 'cannot be written');
  return written;
}

async function namesIn(config: string): Promise<string[]> {
  const names = await readdir(join(config, 'workspaces')).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw unreadable(config, 'cannot be looked for', error);
  });
  return names.filter((one) => one.endsWith('.json')).sort();
}

/** The workspace of an id, whatever the name of its file. Undefined when this user has none. */
export async function findMachineWorkspace(config: string, id: Hash): Promise<MachineWorkspace | undefined> {
  let trouble: unknown;
  for (const name of await namesIn(config)) {
    try {
      const found = await read(join(config, 'workspaces', name));
      if (found?.id === id) return found;
    } catch (error) {
      // Another workspace's file may be damaged; this one's must not be.
      trouble = error;
    }
  }
  if (trouble !== undefined) throw trouble;
  return undefined;
}

/** All of this user's workspaces that can be read, with the names of their files. */
export async function machineWorkspaces(
  config: string,
): Promise<readonly { readonly file: string; readonly workspace: MachineWorkspace }[]> {
  const all: { readonly file: string; readonly workspace: MachineWorkspace }[] = [];
  for (const name of await namesIn(config)) {
    const workspace = await read(join(config, 'workspaces', name)).catch(() => undefined);
    if (workspace) all.push({ file: name.slice(0, -'.json'.length), workspace });
  }
  return all;
}

const plainName = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/**
 * Keeps a workspace that was joined, and answers the name of its file: the workspace's own, unless that is no plain name
 * or belongs to another one. `replaced` is a workspace that is given up: its file makes room under another name, for
 * its secret is the only one.
 */
export async function keepJoined(
  config: string,
  workspace: { readonly genesis: Entry; readonly id: Hash; readonly name: string; readonly seed: string },
  joined: Joined,
  replaced?: Hash,
): Promise<string> {
  const { id } = workspace;
  const text = textOf(workspace, joined);
  const plain = workspace.name.length <= 64 && plainName.test(workspace.name);
  const aside = (of: Hash): string => `${plain ? workspace.name : 'workspace'}-${of.slice(0, 8)}`;
  for (const name of [...(plain ? [workspace.name] : []), aside(id)]) {
    const path = workspaceFile(config, name);
    const there = await read(path);
    if (there && there.id !== id && there.id === replaced) {
      await link(path, workspaceFile(config, aside(there.id))).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw unreadable(path, 'cannot be kept', error);
      });
      await unlink(path);
    } else if (there && there.id !== id) continue;
    // A machine that owns the workspace needs no ticket, and one ticket is as good as another.
    else if (there) return name;
    await create(path, text);
    if ((await read(path))?.id === id) return name;
  }
  throw unreadable(workspaceFile(config, aside(id)), 'cannot be written');
}

/** A later ticket of a workspace that was joined takes the place of the one that is kept; it is the machine's from now on. */
export async function renewJoined(
  config: string,
  workspace: { readonly genesis: Entry; readonly id: Hash; readonly seed: string },
  joined: Joined,
): Promise<void> {
  for (const name of await namesIn(config)) {
    const path = join(config, 'workspaces', name);
    const there = await read(path).catch(() => undefined);
    // A machine that owns the workspace has its only secret there.
    if (there?.id !== workspace.id || !there.joined) continue;
    await create(path, textOf(workspace, joined), rename);
  }
}

/** What a later ticket brings of key epochs is of use to the one that is kept: what began since can't be read without. */
export async function keepEpochs(
  config: string,
  workspace: Hash,
  { epochs }: NonNullable<Joined['sealed']>,
): Promise<void> {
  for (const name of await namesIn(config)) {
    const path = join(config, 'workspaces', name);
    const there = await read(path).catch(() => undefined);
    const known = there?.id === workspace ? there.joined?.sealed?.epochs : undefined;
    if (!there?.joined || !known) continue;
    // The founding one stays the first.
    const all = [...new Map([...known, ...epochs])];
    const file = File.parse(parse(await readFile(path, 'utf8')));
    const next = { ...file, joined: { ...there.joined, sealed: { epochs: all } } };
    await create(path, `${JSON.stringify(next, null, 2)}\n`, rename);
  }
}

const textOf = (
  { genesis, seed }: { readonly genesis: Entry; readonly seed: string },
  joined: Joined,
): string => `${JSON.stringify({ coterie: 1, genesis, machine: seed, joined }, null, 2)}\n`;

/** Gives what is written its name: a file that is there stays, unless `place` says otherwise. */
async function create(path: string, text: string, place = link): Promise<void> {
  const beside = `${path}.${randomUUID()}.new`;
  try {
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(beside, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await unlink(beside).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    await syncNames(path, made);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw unreadable(path, 'cannot be written', error);
  }
}

/**
 * A name lasts once its directory is synced, and so does that directory's. `made`: the first directory that was made.
 * The secret in this file admits every later replica of the user: a power cut must not take it.
 */
async function syncNames(path: string, made: string | undefined): Promise<void> {
  const last = made === undefined ? dirname(path) : dirname(made);
  for (let at = dirname(path); ; at = dirname(at)) {
    const directory = await open(at, 'r');
    await directory.sync().finally(() => directory.close());
    if (at === last || at === dirname(at)) return;
  }
}

async function read(path: string): Promise<MachineWorkspace | undefined> {
  let text: string;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { mode } = await file.stat();
      if ((mode & 0o077) !== 0)
        throw unreadable(path, 'may be read by others', undefined, `Make it yours alone: chmod 600 ${path}`);
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof CoterieError) throw error;
    throw unreadable(path, 'cannot be opened', error);
  }
  const parsed = File.safeParse(parse(text));
  const seed = parsed.success ? fromBase64url(parsed.data.machine, 32) : undefined;
  if (!parsed.success || !seed) throw unreadable(path, 'is not a workspace file');
  const found = readEntry(nodeCrypto, parsed.data.genesis);
  const machine = signerFromSeed(seed);
  const { joined, maker } = parsed.data;
  const owner = joined ? found.ok && selfKey(found.entry.header) : machine.publicKey;
  const holds = found.ok && owner && (await verifySignature(nodeCrypto, found.entry, owner));
  if (!found.ok || !holds || found.entry.header.type !== 'workspace.genesis')
    throw unreadable(path, 'holds a genesis that does not prove itself');
  const { entry: genesis, hash: id } = found;
  return { genesis, id, name: String(genesis.header.data['name']), machine, maker, joined };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const unreadable = (path: string, what: string, cause?: unknown, hint?: string): CoterieError =>
  new CoterieError('directory_unreadable', `The workspace file ${path} ${what}.`, {
    cause,
    ...(hint ? { hint } : {}),
  });
