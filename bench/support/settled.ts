import { setTimeout as sleep } from 'node:timers/promises';
import { directoryBytes } from '../../src/replica/upkeep/size.ts';

const look = 250;

/** Resolves with the bytes of a directory when something is there and nothing has changed for so long, ms. */
export async function settledBytes(directory: string, quiet = 3000, patience = 120_000): Promise<number> {
  const began = performance.now();
  let bytes = -1;
  let since = began;
  for (;;) {
    const now = performance.now();
    const found = await directoryBytes(directory);
    if (found !== bytes) since = now;
    bytes = found;
    if ((bytes > 0 && now - since >= quiet) || now - began >= patience) return bytes;
    await sleep(look);
  }
}
