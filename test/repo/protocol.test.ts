import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  acyclicLinks,
  Entry,
  Header,
  legalMoves,
  limits,
  operationTypes,
  roles,
} from '../../schemas/index.ts';
import { canonical } from '../../src/op/encoding/canonical.ts';
import { read, root } from './files.ts';

const file = 'test/repo/protocol-hash.json';

const hash = (value: unknown): string =>
  createHash('sha256')
    .update(canonical(JSON.parse(JSON.stringify(value))))
    .digest('hex')
    .slice(0, 32);

const schema = (type: z.ZodType): unknown => ({ ...z.toJSONSchema(type), $schema: undefined });

/** Everything that replicas of one protocol agree on, in parts, so that a change says where it is. */
function parts(): Record<string, string> {
  const { pageSize: _, pageDefault: __, ...constants } = limits;
  const found: Record<string, unknown> = {
    header: schema(Header),
    entry: schema(Entry),
    limits: constants,
    rules: { legalMoves, acyclicLinks, roles },
  };
  for (const [name, type] of Object.entries(operationTypes))
    found[name] = {
      logs: type.logs,
      subject: type.subject,
      replicaSpeaks: type.replicaSpeaks,
      data: schema(type.data),
      ...(type.body ? { body: schema(type.body) } : {}),
    };
  return Object.fromEntries(
    Object.entries(found)
      .map(([name, value]): [string, string] => [name, hash(value)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

it('the wire is what protocol 1 says', () => {
  const now = { protocol: limits.operationVersion, parts: parts() };
  if (process.env['UPDATE_PROTOCOL'] !== undefined)
    writeFileSync(join(root, file), `${JSON.stringify(now, null, 2)}\n`);
  expect(
    now,
    `The wire has changed. Replicas out there hold to what ${file} says: give the change a new protocol version, ` +
      'or, where no replica can tell the difference, write it down with UPDATE_PROTOCOL=1 npx vitest run test/repo',
  ).toEqual(JSON.parse(read(file)));
});
