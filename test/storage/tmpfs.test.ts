import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Write } from '../../src/storage/port.ts';
import { batchChecksum } from '../../src/storage/store/frame.ts';
import { type LevelStore, openLevelStore } from '../../src/storage/store/level.ts';

const place = mkdtempSync(join(tmpdir(), 'coterie-small-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', place], { encoding: 'utf8' });
const reason = mounted.error?.message ?? (mounted.status === 0 ? undefined : mounted.stderr.trim());
if (reason !== undefined) console.warn(`a disk that is really full is not tested: ${reason}`);

describe.skipIf(reason !== undefined)('a disk that is really full', () => {
  const filler = join(place, 'filler');
  let count = 0;
  let store: LevelStore;
  const there = new Map<string, boolean>();

  beforeAll(async () => {
    mkdirSync(join(place, 'store'));
    // No reserve: the engine itself meets the full disk.
    store = await openLevelStore({
      directory: join(place, 'store'),
      durability: 'sync',
      reserve: 0,
      free: () => 1e12,
    });
  });
  afterAll(async () => {
    await store.close();
    spawnSync('umount', [place]);
    rmSync(place, { recursive: true, force: true });
  });

  const batch = (): { id: string; writes: Write[] } => {
    count += 1;
    const id = `b${count.toString().padStart(4, '0')}`;
    return {
      id,
      writes: [0, 1, 2].map((row): Write => [`op/${id}/${row}`, new Uint8Array(3000).fill(count)]),
    };
  };

  it('refuses, forgets nothing, brings nothing back, and goes on after space is freed, again and again', {
    timeout: 120_000,
  }, async () => {
    for (let round = 0; round < 5; round += 1) {
      for (let at = 0; at < 5; at += 1) {
        const { id, writes } = batch();
        await store.commit(writes);
        there.set(id, true);
      }
      fillUp(filler);
      const refused: { id: string; writes: Write[] }[] = [];
      while (refused.length < 3) {
        const one = batch();
        await store.commit(one.writes).then(
          () => there.set(one.id, true),
          () => refused.push(one),
        );
      }
      rmSync(filler);
      const before = store.lastCommit;
      const last = await store.reopen();
      const landed = last > before ? await store.checksumOf(last) : undefined;
      for (const { id, writes } of refused) there.set(id, landed === batchChecksum(writes));
    }
    await store.reopen();
    for (const [id, expected] of there) {
      const rows = await store.list({ gte: `op/${id}/`, lt: `op/${id}0` });
      expect(rows.length, id).toBe(expected ? 3 : 0);
    }
    expect([...there.values()].filter((one) => one).length).toBeGreaterThanOrEqual(25);
  });
});

function fillUp(path: string): void {
  for (let size = 64 * 1024 * 1024; size >= 512; size /= 2) {
    try {
      for (;;) writeFileSync(path, new Uint8Array(size), { flag: 'a' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}
