import { keys } from '../../../src/replica/commit/rows.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import { openStorage } from '../../../src/storage/open.ts';
import { type Home, open } from './open.ts';

/** Closes a replica and opens it with its views made anew. */
export async function rebuilt(replica: Replica, at: Home): Promise<Replica> {
  await replica.close();
  const storage = await openStorage({ directory: at.directory, durability: 'os' });
  await storage.store.commit([[keys.meta('views'), new TextEncoder().encode('0')]]);
  await storage.close();
  return open(at);
}
