import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../src/storage/files.ts';
import { salvageRows } from '../../src/storage/salvage/rows.ts';
import { openLevelStore } from '../../src/storage/store/level.ts';
import { scratch } from '../support/scratch.ts';
import { bytes, randomFrom, runSeed, text } from '../support/storage.ts';

/** A store with rows of all lengths, some of them written twice or removed, in tables and in a log. */
async function filled(directory: string, random: (below: number) => number): Promise<Map<string, string>> {
  const expected = new Map<string, string>();
  for (let opening = 0; opening < 3; opening++) {
    const store = await openLevelStore({ directory, durability: 'os', reserve: 0 });
    for (let n = 0; n < 60; n++) {
      const writes = Array.from({ length: 1 + random(20) }, (): [string, Uint8Array | undefined] => {
        const key = `op/${random(800)}`;
        const long = random(40) === 0 ? 70_000 : 300;
        const value = `${opening} ${n} ${'ä word '.repeat(random(long) / 8)}${random(1e9)}`;
        if (random(10) === 0) {
          expected.delete(key);
          return [key, undefined];
        }
        expected.set(key, value);
        return [key, bytes(value)];
      });
      await store.commit(writes);
    }
    await store.close();
  }
  return expected;
}

describe('rows of a store that is read without its engine', () => {
  it('STO-18: are those that were written, where nothing is damaged', async () => {
    const directory = join(scratch(), 'store');
    const expected = await filled(directory, randomFrom(7));
    const { rows, damaged } = await salvageRows(directory, 'op/', nodeFiles);
    expect(damaged).toBe(0);
    expect(new Map([...rows].map(([key, value]) => [key, text(value)]))).toEqual(expected);
    expect(readdirSync(directory).some((name) => name.endsWith('.ldb'))).toBe(true);
    expect(readdirSync(directory).some((name) => name.endsWith('.log'))).toBe(true);
  });

  it('STO-18: whatever bytes are turned or missing, are rows that were written, and nearly all of them', async () => {
    const seed = runSeed();
    const random = randomFrom(seed);
    const directory = join(scratch(), 'store');
    const written = new Map<string, Set<string>>();
    const expected = await filled(directory, (below) => random(below));
    const sound = await salvageRows(directory, 'op/', nodeFiles);
    for (const [key, value] of expected) written.set(key, new Set([value]));
    expect(sound.rows.size).toBe(expected.size);
    const names = readdirSync(directory).filter((name) => /\.(?:ldb|log)$/.test(name));
    for (let round = 0; round < 60; round++) {
      const path = join(directory, names[random(names.length)] ?? '');
      const before = readFileSync(path);
      const broken = Buffer.from(random(5) === 0 ? before.subarray(0, random(before.length)) : before);
      const at = random(Math.max(1, broken.length));
      for (let n = at; n < Math.min(broken.length, at + 1 + random(200)); n++) broken[n] = random(256);
      writeFileSync(path, broken);
      const { rows } = await salvageRows(directory, 'op/', nodeFiles);
      for (const [key, value] of rows)
        expect(text(value), `seed ${seed}, ${key}`).toMatch(/^[0-2] \d+ (?:ä word )*\d+$/);
      writeFileSync(path, before);
    }
  });

  it('STO-18: beyond a damage in the middle of a table are read', async () => {
    const directory = join(scratch(), 'store');
    const expected = await filled(directory, randomFrom(11));
    for (const name of readdirSync(directory).filter((one) => one.endsWith('.ldb'))) {
      const broken = readFileSync(join(directory, name));
      broken.fill(0x5a, Math.floor(broken.length / 3), Math.floor(broken.length / 3) + 64);
      writeFileSync(join(directory, name), broken);
    }
    const { rows, damaged } = await salvageRows(directory, 'op/', nodeFiles);
    expect(damaged).toBeGreaterThan(0);
    expect(rows.size).toBeGreaterThan(expected.size * 0.8);
  });
});
