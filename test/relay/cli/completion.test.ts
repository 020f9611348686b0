import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { model, shells } from '../../../relay/cli/completion/model.ts';
import { nouns, rows } from '../../../relay/cli/rows/index.ts';
import { presenceStates, taskStatuses } from '../../../schemas/index.ts';
import { scratch } from '../../support/scratch.ts';
import { home } from './support.ts';

type Shell = (typeof shells)[number];

/** What a shell offers at the end of these words, by asking the shell itself. */
const ask: Record<Shell, (script: string, words: readonly string[]) => string> = {
  bash: (script, words) =>
    `source '${script}'; COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}; _coterie; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // What zsh shows goes through these three; the rest is the shell's own.
  zsh: (script, words) => `
    compdef() { :; }
    compadd() { shift; print -l -- "$@"; }
    _describe() { local -a all; all=("\${(@P)4}"); print -l -- \${all%%:*}; }
    _files() { if [[ $1 == -/ ]]; then print -l -- *(/); else print -l -- *; fi; }
    source '${script}'
    words=(${words.map(quoted).join(' ')}); CURRENT=${words.length}; _coterie; true`,
  fish: (script, words) =>
    `source '${script}'; complete -C ${quoted(words.map((word) => word.replaceAll(' ', '\\ ')).join(' '))}`,
};

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const flagsBefore: Record<Shell, string[]> = {
  bash: ['--norc', '-c'],
  zsh: ['-f', '-c'],
  fish: ['--no-config', '-c'],
};
const isThere = (shell: Shell): boolean => spawnSync(shell, [...flagsBefore[shell], 'true']).status === 0;

describe.each(shells)('coterie completion %s', (shell) => {
  it('offers verbs, nouns and their verbs, flags, values and paths, in the shell itself', async (context) => {
    if (!isThere(shell)) return context.skip(`${shell} is not on this machine`);
    const here = home();
    const script = join(scratch(), 'script');
    writeFileSync(script, (await here.run(['completion', shell])).stdout);
    const cwd = scratch();
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'file.zip'), '');
    const offered = (...words: string[]): string[] => {
      const text = execFileSync(shell, [...flagsBefore[shell], ask[shell](script, ['coterie', ...words])], {
        cwd,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', HOME: cwd },
      });
      const last = words.at(-1) ?? '';
      const all = text.split('\n').map((line) => line.split('\t')[0]?.trim().replace(/\/$/, '') ?? '');
      // zsh narrows down what it was given by itself.
      return all.filter((one) => one !== '' && one.startsWith(last)).sort();
    };
    expect(offered('')).toEqual([...new Set(rows.map((row) => row.name.split(' ')[0]))].sort());
    expect(offered('re')).toContain('remember');
    for (const noun of model({ rows, nouns }).nouns)
      expect(offered(noun, '')).toEqual(
        rows
          .filter((row) => row.name.startsWith(`${noun} `))
          .map((row) => row.name.split(' ')[1])
          .sort(),
      );
    expect(offered('task', 'cr')).toEqual(['create']);
    expect(offered('--as', 'post', 'task', 'cr')).toEqual(['create']);
    expect(offered('task', 'create', '--pri')).toEqual(['--priority']);
    expect(offered('post', '--th')).toEqual(['--thread']);
    expect(offered('post', 'general', 'text', '--json', '--as', 'task', '--th')).toEqual(['--thread']);
    expect(offered('task', 'list', '--status', '')).toEqual([...taskStatuses].sort());
    expect(offered('task', 'move', 'kai-1', 're')).toEqual(['review']);
    expect(offered('task', 'move', '')).toEqual([]);
    expect(offered('presence', '')).toEqual([...presenceStates].sort());
    expect(offered('setup', 'c')).toEqual(['claude', 'codex']);
    expect(offered('import', 'sl')).toEqual(['slack']);
    expect(offered('import', 'slack', 'f')).toEqual(['file.zip', 'folder']);
    expect(offered('--data', 'f')).toEqual(['folder']);
    expect(offered('post', '')).toEqual([]);
    expect(offered('task', 'ready', '--data', '')).toEqual(['folder']);
  });
});

it('every flag takes a value everywhere or nowhere, so that a shell can tell where a verb ends', () => {
  const { places, valued } = model({ rows, nouns });
  const without = places.flatMap(({ flags }) =>
    flags.filter((flag) => !flag.takesValue).map(({ flag }) => flag),
  );
  expect(without.filter((flag) => valued.includes(flag))).toEqual([]);
});

it('knows no other shell', async () => {
  const { code, stderr } = await home().run(['completion', 'tcsh']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
});
