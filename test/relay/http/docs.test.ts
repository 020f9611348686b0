import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { nameOf, namesOf } from '../../../relay/http/openapi.ts';
import type { Answer, Route } from '../../../relay/http/route.ts';
import { routes } from '../../../relay/http/routes/index.ts';
import { errorKinds, exitCodes } from '../../../schemas/index.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

/** The rows of every table of a page whose first cell is code, without their bars. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '));

const names = namesOf();

function shapeOf(schema: z.ZodType): string {
  const name = nameOf(schema, names);
  if (name !== undefined) return `\`${name}\``.replace(/^`list of (.*)`$/, 'list of `$1`');
  const shape = (schema as z.ZodObject).shape;
  const fields = Object.entries(shape).map(([field, type]) => {
    const optional = (type as z.ZodType).safeParse(undefined).success;
    return optional ? `${field}?` : field;
  });
  return fields.length === 0 ? '' : `\`{ ${fields.join(', ')} }\``;
}

const takes = ({ query, body }: Route): string =>
  [query ? `query ${shapeOf(query)}` : '', body && shapeOf(body) !== '' ? shapeOf(body) : '']
    .filter(Boolean)
    .join(', ');

const gives = (answer: Answer): string =>
  'type' in answer && !('safeParse' in answer) ? answer.what : shapeOf(answer);

const routeRow = (route: Route): string[] => [
  `\`${route.method.toUpperCase()} ${route.path}\``,
  route.summary,
  takes(route),
  `${gives(route.answer)}${route.status === 201 ? ', 201' : ''}`,
];

describe('the documentation', () => {
  it('docs/http.md describes every route as it is, and no other', () => {
    const rows = rowsOf(read('http.md'));
    const table = rows.filter(([first]) => /^`(GET|POST|PUT|PATCH|DELETE) /.test(first!));
    const wanted = routes.map(routeRow);
    const missing = wanted.filter((row) => !table.some((one) => one.join(' | ') === row.join(' | ')));
    expect(missing.map((row) => `| ${row.join(' | ')} |`).join('\n')).toBe('');
    expect(table.length).toBe(wanted.length);
  });

  it('docs/errors.md lists every error as it is, and no other', () => {
    const exitNames = new Map<number, string>(Object.entries(exitCodes).map(([name, code]) => [code, name]));
    const wanted = Object.entries(errorKinds).map(
      ([code, kind]) => `| \`${code}\` | ${kind.status} | ${kind.exit} | ${kind.meaning} | ${kind.hint} |`,
    );
    const page = read('errors.md');
    const table = rowsOf(page)
      .filter((row) => row.length === 5)
      .map((row) => `| ${row.join(' | ')} |`);
    expect(table).toEqual(wanted);
    for (const [code, name] of exitNames) expect(page, name).toContain(`| \`${code}\` |`);
  });
});
