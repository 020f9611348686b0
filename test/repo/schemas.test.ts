import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { namesOf, openApi } from '../../relay/http/openapi.ts';
import { routes } from '../../relay/http/routes/index.ts';
import { operationTypes } from '../../schemas/index.ts';
import { root } from './files.ts';

const folder = join(root, 'schemas/json');
const document = join(root, 'docs/openapi.json');
/** What zod cannot say in JSON Schema, such as a time with its transformation, is left open. */
const options = { io: 'output', unrepresentable: 'any' } as const;
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version as string;

/**
 * JSON Schema 2020-12 of everything that goes over a door, by file: the shapes of `coterie/schemas` under their names, and
 * data and body of each type of operation. They refer to each other by file.
 */
function jsonSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of namesOf()) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...options, uri: (id) => `${id}.json` });
  const all = Object.entries(schemas).map(([name, schema]): [string, unknown] => [`${name}.json`, schema]);
  for (const [type, { data, body }] of Object.entries(operationTypes)) {
    const { $schema, ...of } = z.toJSONSchema(data, options);
    const { $schema: _, ...text } = body ? z.toJSONSchema(body, options) : {};
    const properties = { data: of, ...(body ? { body: text } : {}) };
    all.push([`operations/${type}.json`, { $schema, type: 'object', properties, required: ['data'] }]);
  }
  return Object.fromEntries(all);
}

const text = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return (readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}

const hint = 'write them anew with UPDATE_SCHEMAS=1 npx vitest run test/repo';

describe('what other programs read', () => {
  const wanted = jsonSchemas();
  if (process.env['UPDATE_SCHEMAS'] !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    for (const [name, schema] of Object.entries(wanted)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text(schema));
    }
    writeFileSync(document, text(openApi(routes, version)));
  }

  it('schemas/json holds every schema as it is, and no other', () => {
    expect(filesIn(folder), hint).toEqual(Object.keys(wanted).sort());
    for (const [name, schema] of Object.entries(wanted))
      expect(readFileSync(join(folder, name), 'utf8'), `${name}: ${hint}`).toBe(text(schema));
  });

  it('each schema is of 2020-12, and what it refers to is there', () => {
    for (const name of filesIn(folder)) {
      const found = readFileSync(join(folder, name), 'utf8');
      expect(JSON.parse(found), name).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
      });
      for (const [, to = ''] of found.matchAll(/"\$ref": "([^"#]+)"/g))
        expect(existsSync(join(folder, dirname(name), to)), `${name} refers to ${to}`).toBe(true);
    }
  });

  it('docs/openapi.json is what the node answers, and names schemas of schemas/json alone', () => {
    expect(readFileSync(document, 'utf8'), hint).toBe(text(openApi(routes, version)));
    const { components } = openApi(routes, version) as { components: { schemas: Record<string, unknown> } };
    for (const name of Object.keys(components.schemas)) expect(wanted, name).toHaveProperty([`${name}.json`]);
  });

  it('every route answers and takes what has a name there, or a shape of its own', () => {
    const { paths } = openApi(routes, version) as { paths: Record<string, Record<string, unknown>> };
    const described = Object.entries(paths).flatMap(([path, of]) =>
      Object.keys(of).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });
});
