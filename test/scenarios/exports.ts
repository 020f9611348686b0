import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';

/** What `coterie export` writes of a data directory that nobody runs on, by file. */
export async function exportOf(user: Home, data: string): Promise<Map<string, string>> {
  const directory = join(scratch(), 'export');
  const { code, stdout, stderr } = await user.run(['export', directory, '--data', data]);
  expect(code, `${stdout}${stderr}`).toBe(0);
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    names
      .filter((name) => /\.(?:jsonl|md)$/.test(name))
      .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );
}

/** Ids of the rows of an export, without what stands before them. */
function idsOf(files: ReadonlyMap<string, string>, workspace: string): Set<string> {
  const prefix = `coterie:${workspace}:`;
  const ids = new Set<string>();
  for (const [name, text] of files) {
    if (!name.endsWith('.jsonl')) continue;
    for (const line of text.split('\n').slice(0, -1)) {
      const { id } = JSON.parse(line) as { id: string };
      if (id.startsWith(prefix)) ids.add(id.slice(prefix.length));
    }
  }
  return ids;
}

/** Whole lines of a file to which a process appended that may have been killed. */
export const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

/** What is written in any of the files and stands in no row. */
export function lost(
  files: ReadonlyMap<string, string>,
  workspace: string,
  kept: readonly string[],
): string[] {
  const ids = idsOf(files, workspace);
  return kept.flatMap(linesOf).filter((id) => !ids.has(id));
}
