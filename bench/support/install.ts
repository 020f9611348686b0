import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from './report.ts';

/**
 * Installs a package that is no dependency of ours into a directory of its own, where it is not there; answers its version.
 * `flags` are npm's.
 */
export function installed(directory: string, name: string, flags: readonly string[] = []): string {
  const manifest = join(directory, 'node_modules', ...name.split('/'), 'package.json');
  if (!existsSync(manifest)) {
    mkdirSync(directory, { recursive: true });
    const own = join(directory, 'package.json');
    if (!existsSync(own)) writeFileSync(own, JSON.stringify({ private: true }));
    say(`installing ${name} in ${directory} …`);
    const quiet = ['--no-audit', '--no-fund', '--no-package-lock', ...flags];
    const { status, stderr } = spawnSync('npm', ['install', ...quiet, name], {
      cwd: directory,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${name} cannot be installed: ${stderr}`);
  }
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
