import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';

/** The library to preload, or why there is none. */
export type Shim = { readonly path: string } | { readonly missing: string };

let built: Shim | undefined;

/** Compiles the recorder once for each version of its source. */
export function buildShim(): Shim {
  built ??= build();
  return built;
}

function build(): Shim {
  if (process.platform !== 'linux')
    return { missing: `preloading is written for Linux, this is ${process.platform}` };
  const source = fileURLToPath(new URL('shim.c', import.meta.url));
  const directory = join(tmpdir(), `coterie-powercut-${process.getuid?.() ?? 0}`);
  const path = join(directory, `shim-${crc32(readFileSync(source)).toString(16)}.so`);
  if (existsSync(path)) return { path };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  const args = ['-O1', '-shared', '-fPIC', '-o', draft, source, '-ldl', '-lpthread'];
  const { error, status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (error) return { missing: `no C compiler (cc): ${error.message}` };
  if (status !== 0) throw new Error(`shim.c does not compile:\n${stderr}`);
  renameSync(draft, path);
  return { path };
}
