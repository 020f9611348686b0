import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from '../../../relay/cli/program.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The words of a line as a shell reads them: quotes gone, a comment left out. */
function words(line: string): string[] {
  const found = line.match(/'[^']*'|"[^"]*"|#.*$|[^\s'"]+/g) ?? [];
  return found.filter((word) => !word.startsWith('#')).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
}

/** Every command of ours on a page: in blocks each line that begins with it, in the text what stands in backticks. */
function commands(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, body = '']) => body.split('\n'));
  const inline = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, one = '']) => one,
  );
  return [...blocks, ...inline]
    .map((line) => line.replace(/^(?:\$ )?(?:npx )?/, ''))
    .filter((line) => /^coterie [a-z]/.test(line));
}

/** What stands for something else in a page and not in a shell. */
const isPattern = (line: string): boolean => /[|…](?![^"]*")|VERB|EVENT|SHELL/.test(line);

describe.each(['SKILL.md', 'llms.txt', 'docs/agents.md'])('%s', (page) => {
  it('has commands that are understood, each with its flags', async () => {
    const typed = commands(read(page)).filter((line) => !isPattern(line));
    expect(typed.length).toBeGreaterThan(1);
    for (const line of typed) {
      const parsed = await parse(words(line).slice(1), () => '').catch((error: unknown) => String(error));
      expect(parsed, line).toHaveProperty('row');
    }
  });

  it('links to pages that are there', () => {
    const from = page.startsWith('docs/') ? 'docs' : '';
    const links = [...read(page).matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !existsSync(join(root, from, target)))).toEqual([]);
  });
});

it('SKILL.md begins as a skill does: a name, and when to use it', () => {
  const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(read('SKILL.md')) ?? [];
  expect(head).toMatch(/^name: [a-z0-9-]{1,64}$/m);
  const [, description = ''] = /^description: (.+)$/m.exec(head) ?? [];
  expect(description.length).toBeGreaterThan(50);
  expect(description.length).toBeLessThan(1024);
});
