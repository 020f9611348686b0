import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read, root } from './files.ts';

const MB = 1_000_000;

/** Bytes of the files below a folder, or of a file; nested packages count by themselves. */
function bytesOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

interface Lockfile {
  packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
}

describe('what an installation takes', () => {
  it('is under 120 MB: this package and those that it needs when it runs', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as Lockfile;
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const needed = Object.entries(packages)
      .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
      .map(([path]) => path);
    const there = [...files, ...needed].map((path) => join(root, path)).filter((path) => existsSync(path));
    expect(there.length).toBeGreaterThan(files.length);
    expect(there.reduce((sum, path) => sum + bytesOf(path), 0)).toBeLessThan(120 * MB);
  });

  it('is under 45 MB for the built-in embeddings, with the licences of what is in them', (context) => {
    const folder = join(root, 'dist', 'model');
    if (!existsSync(folder)) return context.skip('dist/model was not built: run npm ci');
    expect(bytesOf(folder)).toBeLessThan(45 * MB);
    const licences = read('dist/model/LICENSES.txt');
    for (const name of ['all-MiniLM-L6-v2', 'onnxruntime-web', '@huggingface/tokenizers'])
      expect(licences).toContain(name);
  });
});
