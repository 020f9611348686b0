import type { Storage } from '../../storage/open.ts';
import type { Database } from '../commit/database.ts';
import { type CountersRow, keys } from '../commit/rows.ts';
import { createIdentity } from '../identity.ts';
import type { OpenOptions } from '../options.ts';
import { openReplicaKey, type WorkspaceRow } from './key.ts';
import { settle } from './settle.ts';

/** Who this replica is, and the workspace that it belongs to: what the directory says, or what a new one gets. */
export async function beginOn(
  storage: Storage,
  database: Database,
  about: {
    readonly options: OpenOptions;
    readonly config: string;
    readonly now: () => number;
    readonly random: (bytes: number) => Uint8Array;
  },
) {
  const { options, config, now, random } = about;
  // A row that a damaged filter hides would make this a new directory.
  for (const name of ['workspace', 'counters', 'views', 'epoch', 'restored'])
    await database.getConfirmed(keys.meta(name));
  const known = database.get<WorkspaceRow>(keys.meta('workspace'));
  const { seed, ...key } = await openReplicaKey(storage.info.directory, random, known?.next);
  const { stamp } = database.get<CountersRow>(keys.meta('counters')) ?? {};
  const identity = createIdentity({ ...key, now, random, last: stamp });
  const { row, chosen, isNew } = await settle({
    database,
    known,
    config,
    as: options.as,
    name: options.workspace,
    replica: identity.signer.id,
    now,
    random,
  });
  return { seed, identity, workspace: row, chosen, isNew };
}
