import { CoterieError } from '../../../schemas/index.ts';
import type { Database } from '../commit/database.ts';
import { keys } from '../commit/rows.ts';

/** Throws where nothing may be written: while the replica closes, and after a restore until a peer was met. */
export function refuseWrites(database: Database, closing: AbortSignal): void {
  if (closing.aborted) throw new CoterieError('closed', 'The replica is closing.');
  if (database.get<boolean>(keys.meta('restored')))
    throw new CoterieError(
      'restored',
      'This directory was restored from a backup and has not met a peer yet.',
    );
}
