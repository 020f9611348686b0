import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Flag, globalFlags, onWrites, type Row } from '../../../relay/cli/row.ts';
import { groups } from '../../../relay/cli/rows/index.ts';
import { errorKinds, exitCodes } from '../../../schemas/index.ts';

const path = new URL('../../../docs/cli.md', import.meta.url);
const begin =
  '<!-- The part below is made from relay/cli/rows: UPDATE_DOCS=1 npx vitest run test/relay/cli/docs.test.ts -->\n';

const flagLine = ([written, does]: Flag): string => `- \`${written}\`: ${does}`;

const listed = (flags: readonly string[]): string =>
  new Intl.ListFormat('en').format(flags.map((flag) => `\`${flag}\``));

/** Flags of every write are told once, above. */
const own = (row: Row): readonly Flag[] => (row.flags ?? []).filter((flag) => !onWrites.includes(flag));

function verb(row: Row): string {
  const flags = [...own(row), ...(row.instead ?? [])];
  return [
    `### \`${[row.name, row.takes].filter(Boolean).join(' ')}\``,
    '',
    row.summary,
    '',
    '```sh',
    row.example,
    '```',
    ...(flags.length > 0 ? ['', ...flags.map(flagLine)] : []),
    ...(row.ignores ? ['', `${listed(row.ignores)} mean nothing to it.`] : []),
  ].join('\n');
}

function reference(): string {
  const parts = [
    '## Flags of every verb',
    globalFlags.map(flagLine).join('\n'),
    '## Flags of every write',
    onWrites.map(flagLine).join('\n'),
  ];
  for (const [title, rows] of groups) parts.push(`## ${title}`, ...rows.map(verb));
  return `${parts.join('\n\n')}\n`;
}

it('docs/cli.md tells every verb, with its flags and an example, and no other', () => {
  const text = readFileSync(path, 'utf8');
  const [above] = text.split(begin);
  const wanted = `${above}${begin}\n${reference()}`;
  if (process.env['UPDATE_DOCS']) writeFileSync(path, wanted);
  expect(readFileSync(path, 'utf8')).toBe(wanted);
});

it('docs/cli.md tells every exit code', () => {
  const text = readFileSync(path, 'utf8');
  for (const code of Object.values(exitCodes)) expect(text).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  for (const { exit } of Object.values(errorKinds)) expect(Object.values(exitCodes)).toContain(exit);
});
