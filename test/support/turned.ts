import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Turns bytes in the middle of the largest file of a kind. */
export function turnBytes(directory: string, kind: RegExp): void {
  const sized = readdirSync(directory)
    .filter((name) => kind.test(name))
    .map((name) => ({ path: join(directory, name), size: statSync(join(directory, name)).size }))
    .sort((a, b) => b.size - a.size);
  const { path } = sized[0]!;
  const bytes = readFileSync(path);
  for (let at = Math.floor(bytes.length / 3); at < Math.floor(bytes.length / 3) + 64; at++)
    bytes[at]! ^= 0xff;
  writeFileSync(path, bytes);
}
