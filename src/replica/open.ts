import { CoterieError, type Status } from '../../schemas/index.ts';
import type { Chosen } from '../embedding/index.ts';
import { defaultChannels } from '../fold/index.ts';
import { nodeCrypto, x25519FromSeed } from '../keys/node.ts';
import { awaitedHandle, memberIdOf, toBase64url } from '../op/index.ts';
import { openSearch, searchIn } from '../search/index.ts';
import type { Storage } from '../storage/open.ts';
import { createHolding } from './arbiter/holding.ts';
import { createCommits } from './commit/commits.ts';
import { createDatabase } from './commit/database.ts';
import { keys, viewsVersion } from './commit/rows.ts';
import { createCheckpoints } from './documents/checkpoints.ts';
import { createDocuments } from './documents/documents.ts';
import { createRemoval } from './documents/removal.ts';
import { embedderOf } from './embedder.ts';
import { completed, configDirectory, type Environment, manyListen, openDirectory } from './environment.ts';
import { asCoterie, withCodes } from './failures.ts';
import { createLedger } from './ledger/ledger.ts';
import { createMembership } from './ledger/membership.ts';
import { listAwaited } from './ledger/release.ts';
import type { AbsorbContext } from './ledger/state.ts';
import { createMachines } from './machines/machines.ts';
import type { OpenOptions } from './options.ts';
import { present } from './presence/present.ts';
import type { Reading } from './reading/context.ts';
import { createFeed } from './reading/feed/live-feed.ts';
import { createSearchSource } from './reading/search/search-source.ts';
import { signalsOf } from './reading/search/signals.ts';
import { createStanding, offerStanding } from './standing.ts';
import { statusOf } from './status.ts';
import type { Replica, Surface } from './surface.ts';
import { type Core, surfaceOf } from './surface-of.ts';
import { offerSource } from './sync/index.ts';
import { openSync, type Sync } from './sync/open.ts';
import { maintenanceOf } from './upkeep/maintenance.ts';
import { rebuildViews } from './upkeep/rebuild.ts';
import { beginOn } from './workspace/begin.ts';
import { checkHandle, freshEpoch, writeFirstRows } from './workspace/bootstrap.ts';
import { type Actor, createActors, lately, type Writing } from './writing/context.ts';
import { createMarks } from './writing/marks.ts';
import { refuseWrites } from './writing/refuse-writes.ts';

/**
 * Opens the replica in a data directory, or makes one that joins the user's workspace. One process owns a directory.
 * Opening loads no document and no history. Rejects with a `CoterieError`: `directory_locked`, `directory_newer`,
 * `directory_unreadable`, `storage_corrupt`, `disk_full`, `invalid` for a handle or embeddings that are none.
 */
export async function openReplica(options: OpenOptions, environment: Environment = {}): Promise<Replica> {
  const handle = checkHandle(options.as);
  const embedder = embedderOf(options, completed(environment).memory);
  const storage = environment.storage ?? (await openDirectory(options));
  try {
    return await openOn(storage, { ...options, as: handle }, embedder, environment);
  } catch (error) {
    await storage.close();
    throw asCoterie(error);
  }
}

/** Milliseconds after opening: what is wanted at once comes first. */
const warmAfter = 1000;

async function openOn(
  storage: Storage,
  options: OpenOptions,
  embedder: Chosen,
  environment: Environment,
): Promise<Replica> {
  const { now, monotonic, random, timer, patience } = completed(environment);
  const { store } = storage;
  const config = options.config ?? configDirectory();
  const database = createDatabase(store);
  const closing = new AbortController();
  manyListen(closing.signal);
  const { seed, identity, workspace, chosen, isNew } = await beginOn(storage, database, {
    options,
    config,
    now,
    random,
  });
  const { signer, clock } = identity;

  const defaults = defaultChannels(nodeCrypto, workspace.id);
  const membership = createMembership({
    database,
    memberId: (...about) => memberIdOf(nodeCrypto, ...about),
    handleHash: (...about) => awaitedHandle(nodeCrypto, ...about),
  });
  let onGrown = (): void => undefined;
  const late: { sync?: Sync } = {};
  let refused = async (): Promise<void> => undefined;
  const documents = await createDocuments({
    store,
    database,
    stored: storage.documents,
    crypto: nodeCrypto,
    random,
    onGrown: () => onGrown(),
    onShown: (update) => late.sync?.shown(update),
  });
  const commits = createCommits({
    store,
    database,
    monotonic,
    finish: (rows, group) => documents.finish(rows, group),
    admit: () => checkpoints.admit(),
    savepoint: () => membership.savepoint(),
    onRefused: () => refused(),
  });
  const checkpoints = createCheckpoints({
    timer,
    store,
    stored: storage.documents,
    crypto: nodeCrypto,
    database,
    documents,
    commits,
    mend: (document, hashes) => sync.remove(document, hashes),
  });

  const holding = createHolding(timer);
  const context: AbsorbContext = {
    crypto: nodeCrypto,
    follow: identity.follow,
    awaited: new Set(),
    moved: new Set(),
    onHeld: holding.onHeld,
    onArbiter: holding.onArbiter,
    onMembers: () => late.sync?.membersChanged(),
    onOwed: () => late.sync?.owed(),
    membership,
    documents,
    defaultChannel: (id) => defaults.get(id),
    defaultChannels: [...defaults.values()],
  };
  if (isNew) await writeFirstRows(commits, workspace, freshEpoch(random));
  const ledger = createLedger({ ...context, database, workspace: workspace.id, signer, clock, random });
  if (database.get<number>(keys.meta('views')) !== viewsVersion)
    await rebuildViews({
      context,
      commits,
      database,
      store,
      progress: options.progress,
      epoch: freshEpoch(random),
    });
  await membership.reload();
  await listAwaited(database, context.awaited);
  const sync = openSync({
    context,
    row: workspace,
    config,
    identity,
    box: x25519FromSeed(seed),
    storage,
    database,
    commits,
    checkpoints,
    now,
    monotonic,
    timer,
    random,
    closing: closing.signal,
    transport: environment.transport,
    onRemoved: () => removal.notice(),
  });
  late.sync = sync;
  const feed = createFeed(database);
  const reading: Reading = {
    database,
    membership,
    crypto: nodeCrypto,
    workspace: workspace.id,
    defaultChannel: context.defaultChannel,
    now,
    get replica() {
      return signer.id;
    },
    presence: sync.presence.store,
  };
  const search = openSearch({
    directory: searchIn(storage.info.directory),
    source: createSearchSource(reading, feed),
    embedder: embedder.embedder,
    off: embedder.off,
    ...(options.embedMessages ? { embeds: ['memory', 'task', 'message'] } : {}),
  });
  onGrown = () => {
    checkpoints.notice();
    if (feed.look()) search.notify();
  };
  refused = async () => {
    await documents.reset();
    sync.digests.forget();
    await membership.reload();
    // What was refused may be there after all.
    onGrown();
  };

  const writing: Writing = {
    reading,
    commits,
    ledger,
    machine: workspace.machine,
    maker: workspace.maker,
    incarnation: toBase64url(random(9)),
    now,
    present: () => present({ ...sync.presence, reading, feed }),
    watch: holding.watch,
    answer: holding.answer,
    closing: closing.signal,
    allowed: () => refuseWrites(database, closing.signal),
  };

  if (!membership.state.replicas.has(signer.id)) await sync.join({ ledger, seed, chosen });

  const machines = createMachines({
    ...{ writing, signer, now, random, config },
    row: workspace,
    source: sync.source,
  });
  const marks = createMarks(writing, feed, timer);
  const since = new Date(now()).toISOString();
  const removal = await createRemoval({ database, checkpoints, search, timer });
  const core: Core = {
    reading,
    writing,
    feed,
    marks,
    search,
    embedder,
    signals: signalsOf(options.ranking),
    patience,
    machines,
    closing: closing.signal,
    digests: sync.digests,
    presence: sync.presence,
    status: (actor): Promise<Status> =>
      statusOf({
        core,
        actor,
        workspace,
        storage,
        documents,
        durability: options.durability ?? 'sync',
        since,
        checkpoints,
        source: sync.source,
      }),
    purge: () => removal.notice(),
  };
  checkpoints.notice();
  await sync.begin(ledger, options.progress);
  await marks.begin();
  holding.begin({ writing, signer, now, presence: sync.presence.store });

  const actorOf = createActors((handle) => ({
    handle: checkHandle(handle),
    id: memberIdOf(nodeCrypto, workspace.id, workspace.machine, handle),
    // Who opens it says what they are; others that speak through it are agents until they say otherwise.
    kind: handle === options.as ? (options.kind ?? 'agent') : 'agent',
  }));
  const me = actorOf(options.as);
  const maintenance = maintenanceOf({
    core,
    actor: me,
    storage,
    database,
    commits,
    documents,
    checkpoints,
    removal,
    digests: sync.digests,
    source: sync.source,
  });

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    await marks.close().catch(() => undefined);
    closing.abort();
    await holding.close();
    await sync.close();
    await removal.close();
    await commits.idle();
    await commits.write(({ draft }) => documents.note(draft), { urgent: true }).catch(() => undefined);
    await commits.close();
    await checkpoints.close();
    await search.close();
    await embedder.close();
    await storage.close();
  }

  const refuseClosed = (): void => {
    if (closing.signal.aborted) throw new CoterieError('closed', 'The replica is closed.');
  };
  const surface = (actor: Actor): Surface => withCodes(surfaceOf(core, actor), refuseClosed);
  const replica: Replica = {
    ...withCodes({ ...surfaceOf(core, me), ...maintenance }, refuseClosed),
    workspace: { id: workspace.id, name: workspace.name },
    get id() {
      return signer.id;
    },
    directory: storage.info.directory,
    ...withCodes(machines.door, refuseClosed),
    enrol: (relay) => machines.enrol(me, relay),
    membersLog: machines.membersLog,
    attach: machines.attach,
    as: lately((other: string) => surface(actorOf(other))),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
  offerSource(replica, sync.source);
  offerStanding(replica, createStanding({ reading, workspace, actorOf, surface }));
  if (options.warm) timer(() => search.warm(), warmAfter);
  return replica;
}
