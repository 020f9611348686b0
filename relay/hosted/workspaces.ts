import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CoterieError, type Hash, type HostedInfo, type HostingRequest } from '../../schemas/index.ts';
import type { Transport } from '../../src/client/transport.ts';
import { asCoterie } from '../../src/replica/failures.ts';
import { keepHosted } from '../../src/replica/workspace/hosting.ts';
import { makeDirectories } from '../../src/storage/make-directories.ts';
import { openStorage } from '../../src/storage/open.ts';
import { openAllowance, type RateLimit } from '../http/allowance.ts';
import { readPrivate, replacePrivate } from '../node/private-file.ts';
import { stopping } from '../stopping.ts';
import { openQuota, type Quota } from './quota.ts';
import { type Common, type HostedWorkspace, openHosted } from './workspace.ts';

export interface WorkspacesLimits {
  /** Workspaces that are open at once, at most. */
  readonly open: number;
  /** One that nobody uses is closed after this long, ms. */
  readonly idle: number;
  /** Bytes on disk of each. */
  readonly bytes: number;
  /** Sockets and requests under way of each. */
  readonly users: number;
  /** Requests and sockets that begin, of each. */
  readonly rate: RateLimit;
}

export const workspacesLimits: WorkspacesLimits = {
  open: 128,
  idle: 5 * 60_000,
  bytes: 4 * 1024 ** 3,
  users: 1_024,
  rate: { requests: 12_000, seconds: 10 },
};

export interface WorkspacesOptions extends Common {
  /** Each workspace has a directory here, by its id. */
  readonly root: string;
  readonly limits: WorkspacesLimits;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}

/** The workspaces of a relay. One that is not open is a directory, and nothing in memory. */
export interface Workspaces {
  has(workspace: string): boolean;
  /**
   * Opens it, unless it is open, for one request or socket. Rejects with `not_found`, `busy` where too many are open or
   * use it, `rate_limited`, and as `openReplica` does.
   */
  enter(workspace: string): Promise<{ readonly at: HostedWorkspace; readonly leave: () => void }>;
  /** Makes the directory of a new one; `transport` is how its admission is asked for. What fails leaves nothing. */
  adopt(request: HostingRequest, transport: Transport): Promise<void>;
  /** By id, with what is known of each; of those that are not open from their directories. */
  list(after: string | undefined, limit: number): Promise<HostedInfo[]>;
  counts(): {
    readonly hosted: number;
    readonly open: number;
    readonly users: number;
    readonly opened: number;
  };
  close(): Promise<void>;
}

/** What lies beside the data of a workspace that was let in. */
const Note = z.strictObject({ workspace: z.string(), name: z.string(), since: z.iso.datetime() });
type Note = z.infer<typeof Note>;

/** A workspace that is open, or is being opened. */
interface Slot {
  readonly opening: Promise<HostedWorkspace>;
  readonly quota: Quota;
  users: number;
  /** Since when nobody uses it, ms. */
  since: number;
  cancel: () => void;
}

/** What is counted of a workspace since the start; kept while it is open, and for those that were. */
interface Tally {
  opened: number;
  requests: number;
  refused: number;
  bytes: number | null;
}

/** As many workspaces have a tally at most: it is statistics. */
const mostTallies = 10_000;

export function openWorkspaces(options: WorkspacesOptions): Workspaces {
  const { root, limits, now, timer, log } = options;
  makeDirectories(root, 0o700);
  const slots = new Map<string, Slot>();
  /** Those that are being closed: opened anew only after that. */
  const ending = new Map<string, Promise<void>>();
  const adopting = new Set<string>();
  const tallies = new Map<string, Tally>();
  const allowance = openAllowance(limits.rate);
  let hosted = names(root).length;
  let opened = 0;
  let closed = false;

  const placeOf = (id: string): string => join(root, id);
  const noteOf = (id: string): string => join(root, id, 'hosted.json');
  const has = (id: string): boolean => !adopting.has(id) && readNote(noteOf(id)) !== undefined;

  function tallyOf(id: string): Tally {
    const known = tallies.get(id);
    if (known) return known;
    const tally: Tally = { opened: 0, requests: 0, refused: 0, bytes: null };
    if (tallies.size >= mostTallies) {
      const [oldest] = tallies.keys();
      if (oldest !== undefined) tallies.delete(oldest);
    }
    tallies.set(id, tally);
    return tally;
  }

  async function start(
    id: string,
    quota: Quota,
    fresh: { readonly file: string; readonly transport: Transport } | undefined,
  ): Promise<HostedWorkspace> {
    const directory = join(placeOf(id), 'data');
    await ending.get(id);
    const storage = await openStorage({ directory, free: quota.free }).catch((error: unknown) => {
      throw asCoterie(error);
    });
    const config = join(placeOf(id), 'config');
    return openHosted({ ...options, ...fresh, workspace: id, directory, config, storage });
  }

  /** Takes a slot, for which room is made; the opening goes on by itself. */
  function take(id: string, fresh?: { readonly file: string; readonly transport: Transport }): Slot {
    if (slots.size >= limits.open) makeRoom();
    const quota = openQuota(placeOf(id), limits.bytes, now);
    const slot: Slot = {
      opening: start(id, quota, fresh),
      quota,
      users: 0,
      since: now(),
      cancel: () => undefined,
    };
    slots.set(id, slot);
    opened += 1;
    tallyOf(id).opened += 1;
    slot.opening.catch((error: unknown) => {
      if (slots.get(id) === slot) slots.delete(id);
      log.warn({ err: error, workspace: id }, 'a workspace could not be opened');
    });
    return slot;
  }

  function makeRoom(): void {
    const unused = [...slots].filter(([, { users }]) => users === 0);
    const [oldest] = unused.sort(([, a], [, b]) => a.since - b.since);
    if (!oldest)
      throw new CoterieError('busy', 'Too many workspaces are open at this relay.', {
        hint: 'Try again in a while.',
      });
    void letGo(...oldest);
  }

  function letGo(id: string, slot: Slot): Promise<void> {
    slot.cancel();
    if (slots.get(id) === slot) slots.delete(id);
    const end = slot.opening
      .then((at) => at.close())
      .then(async () => {
        tallyOf(id).bytes = await slot.quota.measure();
      })
      .catch((error: unknown) => log.warn({ err: error, workspace: id }, 'a workspace did not close well'))
      .finally(() => {
        if (ending.get(id) === end) ending.delete(id);
      });
    ending.set(id, end);
    return end;
  }

  function leaveOf(id: string, slot: Slot): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      slot.users -= 1;
      if (slot.users > 0 || closed) return;
      slot.since = now();
      slot.cancel();
      slot.cancel = timer(() => {
        if (slot.users === 0 && slots.get(id) === slot) void letGo(id, slot);
      }, limits.idle);
    };
  }

  async function refuseAnother(id: string, slot: Slot | undefined): Promise<void> {
    const tally = tallyOf(id);
    try {
      if (slot && slot.users >= limits.users)
        throw new CoterieError('busy', 'Too many sockets and requests of this workspace are open.');
      await allowance.take(id);
    } catch (error) {
      tally.refused += 1;
      throw error instanceof CoterieError && error.code === 'rate_limited'
        ? new CoterieError('rate_limited', 'This workspace is asked too often.')
        : error;
    }
    tally.requests += 1;
  }

  return {
    has,
    async enter(id) {
      if (closed) throw stopping();
      if (adopting.has(id) || (!slots.has(id) && !has(id)))
        throw new CoterieError('not_found', 'This relay does not host that workspace.', {
          hint: 'As an admin of it: coterie remote add URL#CODE',
        });
      await refuseAnother(id, slots.get(id));
      if (closed) throw stopping();
      const slot = slots.get(id) ?? take(id);
      slot.users += 1;
      slot.cancel();
      const leave = leaveOf(id, slot);
      try {
        return { at: await slot.opening, leave };
      } catch (error) {
        leave();
        throw error;
      }
    },
    async adopt(request, transport) {
      const id = request.workspace;
      if (closed) throw stopping();
      if (adopting.has(id) || has(id))
        throw new CoterieError('exists', 'This relay hosts the workspace already.');
      adopting.add(id);
      let slot: Slot | undefined;
      try {
        // What an earlier attempt left has been let in nowhere.
        await rm(placeOf(id), { recursive: true, force: true });
        mkdirSync(placeOf(id), { mode: 0o700 });
        const file = await keepHosted(join(placeOf(id), 'config'), request);
        slot = take(id, { file, transport });
        slot.users += 1;
        await slot.opening;
        const note: Note = { workspace: id, name: request.name, since: new Date(now()).toISOString() };
        replacePrivate(noteOf(id), `${JSON.stringify(note)}\n`);
        hosted += 1;
      } catch (error) {
        if (slot) await letGo(id, slot);
        await rm(placeOf(id), { recursive: true, force: true });
        throw error;
      } finally {
        adopting.delete(id);
        if (slot) leaveOf(id, slot)();
      }
    },
    async list(after, limit) {
      const all = names(root)
        .sort()
        .filter((id) => after === undefined || id > after);
      const items: HostedInfo[] = [];
      for (const id of all) {
        if (items.length >= limit) break;
        const note = readNote(noteOf(id));
        if (note) items.push(infoOf(note));
      }
      return items;
    },
    counts: () => ({
      hosted,
      open: slots.size,
      users: [...slots.values()].reduce((sum, { users }) => sum + users, 0),
      opened,
    }),
    async close() {
      closed = true;
      await Promise.all([...[...slots].map(([id, slot]) => letGo(id, slot)), ...ending.values()]);
    },
  };

  function infoOf({ workspace, name, since }: Note): HostedInfo {
    const slot = slots.get(workspace);
    const tally = tallies.get(workspace);
    return {
      workspace,
      name,
      since,
      open: slot !== undefined,
      users: slot?.users ?? 0,
      bytes: slot?.quota.used ?? tally?.bytes ?? null,
      quota: limits.bytes,
      opened: tally?.opened ?? 0,
      requests: tally?.requests ?? 0,
      refused: tally?.refused ?? 0,
    };
  }
}

const isId = (name: string): name is Hash => /^[a-z2-7]{26}$/.test(name);

function names(root: string): string[] {
  return readdirSync(root).filter(isId);
}

function readNote(path: string): Note | undefined {
  const text = readPrivate(path);
  if (text === undefined) return undefined;
  try {
    const parsed = Note.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
