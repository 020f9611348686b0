import { randomBytes } from 'node:crypto';
import { CoterieError } from '../../../schemas/index.ts';
import { backupStorage } from '../../storage/backup.ts';
import type { Storage } from '../../storage/open.ts';
import type { Commits } from '../commit/commits.ts';
import type { Database } from '../commit/database.ts';
import { pad, under as range } from '../commit/rows.ts';
import type { Checkpoints } from '../documents/checkpoints.ts';
import type { Digests } from '../documents/digest.ts';
import type { Documents } from '../documents/documents.ts';
import type { Removal } from '../documents/removal.ts';
import type { Replica } from '../surface.ts';
import type { Core } from '../surface-of.ts';
import type { ReplicaSource } from '../sync/index.ts';
import { type Actor, introduce } from '../writing/context.ts';
import { examine } from './doctor.ts';
import { copyKey, refuseFilled } from './restore.ts';
import { directoryBytes } from './size.ts';
import { clocksWarning } from './warnings.ts';

type Maintenance = Pick<Replica, 'import' | 'export' | 'backup' | 'compact' | 'doctor'>;

/** What is done with a replica as a whole. */
export function maintenanceOf(options: {
  readonly core: Core;
  readonly actor: Actor;
  readonly storage: Storage;
  readonly database: Database;
  readonly commits: Commits;
  readonly documents: Documents;
  readonly checkpoints: Checkpoints;
  readonly removal: Removal;
  readonly digests: Digests;
  readonly source: Pick<ReplicaSource, 'refusals' | 'refused' | 'pads' | 'keyring'>;
}): Maintenance {
  const { core, actor, storage, database, commits, documents, checkpoints, removal } = options;
  let importing: Promise<unknown> = Promise.resolve();
  return {
    async import(request, work = {}) {
      core.writing.allowed();
      // One at a time: each knows what is there already.
      const mine = importing.then(async () => {
        // Loaded when one comes: opening does not wait for a tenth more of code.
        const [{ importerFor }, { runImport }, { createImportSink }] = await Promise.all([
          import('../../import/index.ts'),
          import('../../import/run.ts'),
          import('./import-sink.ts'),
        ]);
        const importer = importerFor(request.format, request.path);
        await introduce(core.writing, actor);
        return runImport(importer, await createImportSink(core.writing, actor), work);
      });
      importing = mine.catch(() => undefined);
      return mine;
    },
    async export(request, work = {}) {
      work.signal?.throwIfAborted();
      const [{ exportTo }, { createExportReader }] = await Promise.all([
        import('../../export/export.ts'),
        import('../reading/export-reader.ts'),
      ]);
      return exportTo(request.directory, createExportReader(core.reading), work);
    },
    async backup({ directory }, work = {}) {
      await refuseFilled(directory);
      const resume = await checkpoints.pause();
      try {
        await commits.idle();
        await backupStorage(storage, directory, {
          pads: await options.source.pads.existing(),
          ...(work.signal ? { signal: work.signal } : {}),
          progress: ({ rows, documents }) =>
            work.progress?.({ stage: 'copying', done: rows + documents, total: null }),
        });
      } finally {
        resume();
      }
      await copyKey(storage.info.directory, directory);
      return { directory, bytes: await directoryBytes(directory) };
    },
    async compact({ keep } = {}, work = {}) {
      if (keep !== undefined && !(Number.isSafeInteger(keep) && keep >= 0))
        throw new CoterieError('invalid', 'keep: it is not a whole number from 0 on');
      const before = await directoryBytes(storage.info.directory);
      work.signal?.throwIfAborted();
      await checkpoints.all((done, total) => work.progress?.({ stage: 'checkpoints', done, total }));
      work.signal?.throwIfAborted();
      await removal.now();
      if (keep !== undefined) await trimFeed(database, commits, core.feed.end() - keep);
      work.signal?.throwIfAborted();
      work.progress?.({ stage: 'tables', done: 0, total: null });
      await storage.store.compact(range(''));
      return { before, after: await directoryBytes(storage.info.directory) };
    },
    doctor: (work = {}) =>
      examine({
        storage,
        database,
        commits,
        documents,
        checkpoints,
        membership: core.reading.membership,
        random: randomBytes,
        self: core.reading.replica,
        digests: options.digests,
        refusals: options.source.refusals,
        refused: options.source.refused,
        pads: options.source.pads,
        keyring: options.source.keyring,
        remotes: () => core.machines.dialled(),
        clocks: () => clocksWarning(core.reading, core.presence.clocks()),
        ...work,
      }),
  };
}

const trimmedAtOnce = 4096;

/** The feed's oldest rows go; a cursor before them meets a gap. */
async function trimFeed(database: Database, commits: Commits, through: number): Promise<void> {
  if (through <= 0) return;
  for (;;) {
    const rows = await database.list<unknown>({
      gte: 'feed/',
      lt: `feed/${pad(through)}\u0000`,
      limit: trimmedAtOnce,
    });
    if (rows.length === 0) return;
    await commits.write(({ draft }) => {
      for (const [key] of rows) draft.remove(key);
    });
  }
}
