import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh directory, with what removes it: for what several tests share. */
export function shared(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'coterie-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A fresh directory that goes when the test is over. */
export function scratch(): string {
  const { path, remove } = shared();
  onTestFinished(remove);
  return path;
}
