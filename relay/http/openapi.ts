import { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import * as schemas from '../../schemas/index.ts';
import type { Route } from './route.ts';
import { shorteningQuery } from './shorten.ts';

/**
 * The description of the routes. The schemas were made before this package could extend them, and its own translation
 * loses what a refinement means, so the schemas are written by zod and the document by the package.
 */

type Shape = Record<string, unknown>;

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType;

/** Names of the exported object schemas: what an answer or a request is called in the documentation. */
export function namesOf(): Map<z.ZodType, string> {
  const names = new Map<z.ZodType, string>();
  for (const [name, value] of Object.entries(schemas))
    if (isSchema(value) && (value instanceof z.ZodObject || value instanceof z.ZodDiscriminatedUnion))
      names.set(value, name);
  return names;
}

/** A schema in a word or two: its name, or a list of a named one. */
export function nameOf(schema: z.ZodType, names: Map<z.ZodType, string>): string | undefined {
  const own = names.get(schema);
  if (own !== undefined) return own;
  if (!(schema instanceof z.ZodObject)) return undefined;
  const items: unknown = schema.shape['items'];
  const element = items instanceof z.ZodArray ? items.element : undefined;
  const inner = isSchema(element) ? names.get(element) : undefined;
  return inner === undefined ? undefined : `list of ${inner}`;
}

const json = (schema: Shape): Shape => ({ 'application/json': { schema } });

function parameters(route: Route, write: (schema: z.ZodType) => Shape): Shape[] {
  const inPath = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const shape = {
    ...(route.query instanceof z.ZodObject ? route.query.shape : {}),
    ...(route.method === 'get' && isSchema(route.answer) ? shorteningQuery : {}),
  };
  const inQuery = Object.entries(shape).map(([name, field]) => {
    const schema = write(field as z.ZodType);
    // Lists are comma-separated.
    const style = schema['type'] === 'array' ? { style: 'form', explode: false } : {};
    return {
      name,
      in: 'query',
      required: !(field as z.ZodType).safeParse(undefined).success,
      ...style,
      schema,
    };
  });
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 256 },
  };
  const resume = { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } };
  const inHeader = route.method !== 'get' ? [key] : route.path === '/v1/events' ? [resume] : [];
  return [...inPath, ...inQuery, ...inHeader];
}

/** The OpenAPI 3.1 document of these routes. */
export function openApi(routes: readonly Route[], version: string): unknown {
  const app = new OpenAPIHono();
  const names = namesOf();
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of names) registry.add(schema, { id });
  const used = new Set<string>();

  const write = (schema: z.ZodType): Shape => {
    const own = names.get(schema);
    if (own !== undefined) {
      used.add(own);
      return { $ref: `#/components/schemas/${own}` };
    }
    const wrapped = z.toJSONSchema(schema, { metadata: registry, io: 'output', unrepresentable: 'any' });
    const text = JSON.stringify(wrapped, (name, value: unknown) =>
      name === '$defs' || name === '$schema' ? undefined : value,
    );
    return JSON.parse(
      text.replaceAll(/"#\/\$defs\/([^"]+)"/g, (_match, id: string) => {
        used.add(id);
        return `"#/components/schemas/${id}"`;
      }),
    ) as Shape;
  };

  const failure = { description: 'Any error.', content: json(write(schemas.ErrorAnswer)) };
  for (const route of routes) {
    const { answer } = route;
    const content = isSchema(answer)
      ? json(write(answer))
      : { [answer.type]: { schema: { type: 'string' } } };
    const operation = {
      method: route.method,
      path: route.path,
      summary: route.summary,
      parameters: parameters(route, write),
      ...(route.open ? { security: [] } : {}),
      ...(route.body
        ? { requestBody: { required: !route.bodyOptional, content: json(write(route.body)) } }
        : {}),
      responses: {
        [route.status ?? 200]: { description: isSchema(answer) ? 'Done.' : answer.what, content },
        default: failure,
      },
    };
    app.openAPIRegistry.registerPath(
      operation as unknown as Parameters<typeof app.openAPIRegistry.registerPath>[0],
    );
  }

  const { schemas: all } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'output',
    unrepresentable: 'any',
  });
  const pending = [...used];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const { $schema: _dialect, $id: _id, ...schema } = all[name] as Shape;
    app.openAPIRegistry.registerComponent('schemas', name, schema);
    for (const [, inner] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      if (inner !== undefined && !used.has(inner)) {
        used.add(inner);
        pending.push(inner);
      }
  }
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Coterie',
      version,
      description: 'The coordination log of a team: one node, on this machine.',
    },
    security: [{ token: [] }],
  });
}
