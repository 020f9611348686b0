import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failure } from '../../../src/client/call.ts';
import type { Verb } from '../call.ts';
import type { Settings } from '../settings.ts';
import { hookPath } from './git.ts';

/** For a shell, as one word that means itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Where the data are, if that was said: who commits says for itself who it is. */
const flagsOf = ({ data, url }: Settings): string =>
  [
    ...(data === undefined ? [] : ['--data', quoted(resolve(data))]),
    ...(url === undefined ? [] : ['--url', quoted(url)]),
  ]
    .map((word) => ` ${word}`)
    .join('');

/** The program that writes the hook is the one that it runs, as long as it is there. */
function script(flags: string): string {
  const main = quoted(fileURLToPath(new URL('../coterie.cjs', import.meta.url)));
  const node = quoted(process.execPath);
  return `#!/bin/sh
# Asks who else has reserved what this commit changes. Written by: coterie hook install
# Advisory: git commit --no-verify goes past it.
if [ -x ${node} ] && [ -f ${main} ]; then
  exec ${node} ${main} hook pre-commit${flags}
elif command -v coterie >/dev/null 2>&1; then
  exec coterie hook pre-commit${flags}
fi
echo 'coterie: not found, so nobody looked who holds these paths' >&2
`;
}

/** Writes the hook where there is none. */
export const install: Verb = async (call) => {
  const path = resolve(await hookPath('pre-commit'));
  await mkdir(dirname(path), { recursive: true });
  const flags = flagsOf(call.settings);
  try {
    const file = await open(path, 'wx', 0o755);
    try {
      await file.writeFile(script(flags));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    throw await failure('exists', `there is a hook already: ${path}`, {
      hint: `It stays as it is. To have it ask, add the line: coterie hook pre-commit${flags} || exit 1`,
    });
  }
  if (call.out.json) call.out.data({ path });
  else call.out.print(`wrote ${path}`);
  return undefined;
};
