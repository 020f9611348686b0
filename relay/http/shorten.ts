import { z } from 'zod';
import { CoterieError } from '../../schemas/index.ts';

/** How an answer is made shorter, for who pays by the word. */
export interface Shortening {
  /** Fields to keep: of each item of a list, else of the answer. */
  readonly fields?: readonly string[] | undefined;
  readonly compact: boolean;
}

/** What every GET that answers JSON takes besides its own query. */
export const shorteningQuery: Readonly<Record<string, z.ZodType>> = {
  fields: z
    .string()
    .max(1000)
    .optional()
    .describe('Fields to keep, separated by commas: of each item of a list, else of the answer.'),
  format: z
    .enum(['full', 'compact'])
    .optional()
    .describe('`compact` leaves out what is null or empty and `base`, and writes a person as its handle.'),
};

/** Names under which lists stand in answers. */
const lists = ['items', 'results'] as const;

function fieldsOf(schema: z.ZodType): Set<string> {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return fieldsOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodObject) return new Set(Object.keys(schema.shape));
  if (schema instanceof z.ZodUnion)
    return new Set(schema.options.flatMap((option) => [...fieldsOf(option as z.ZodType)]));
  return new Set();
}

/** The fields that may be asked for: of the items of a list, else of the answer. */
function legalFields(answer: z.ZodType): Set<string> {
  for (const name of lists) {
    const list = answer instanceof z.ZodObject ? (answer.shape[name] as z.ZodType | undefined) : undefined;
    if (list instanceof z.ZodArray) return fieldsOf(list.element as z.ZodType);
  }
  return fieldsOf(answer);
}

/** Takes what shortens out of a query. Throws `invalid` for a field that the answer never has. */
export function takeShortening(query: Record<string, string>, answer: z.ZodType): Shortening | undefined {
  const { fields, format } = query;
  if (fields === undefined && format === undefined) return undefined;
  delete query['fields'];
  delete query['format'];
  if (format !== undefined && format !== 'full' && format !== 'compact')
    throw new CoterieError('invalid', `format: ${format} is neither full nor compact`);
  const names = fields?.split(',').map((name) => name.trim());
  const legal = legalFields(answer);
  const unknown = names?.find((name) => !legal.has(name));
  if (unknown !== undefined)
    throw new CoterieError('invalid', `fields: the answer has no field ${unknown}`, { legal: [...legal] });
  return { fields: names, compact: format === 'compact' };
}

type Shape = Readonly<Record<string, unknown>>;

const isShape = (value: unknown): value is Shape =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kept = (value: unknown, fields: readonly string[]): unknown =>
  isShape(value)
    ? Object.fromEntries(fields.flatMap((name) => (name in value ? [[name, value[name]]] : [])))
    : value;

/** The answer with the fields that were asked for; the list keeps its frame: cursor, receipt, proof. */
function selected(answer: unknown, fields: readonly string[]): unknown {
  if (!isShape(answer)) return answer;
  for (const name of lists) {
    const list = answer[name];
    if (Array.isArray(list)) return { ...answer, [name]: list.map((item) => kept(item, fields)) };
  }
  return kept(answer, fields);
}

/** A member as it stands in answers. */
const isPerson = (value: Shape): boolean =>
  typeof value['handle'] === 'string' && Object.keys(value).every((key) => personal.has(key));
const personal: ReadonlySet<string> = new Set(['id', 'handle', 'name']);

const isEmpty = (value: unknown): boolean =>
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isShape(value) && Object.keys(value).length === 0);

function compacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compacted);
  if (!isShape(value)) return value;
  if (isPerson(value)) return value['handle'];
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      if (name === 'base' || field === undefined) return [];
      const short = compacted(field);
      // A list stays where it is what was asked for.
      return isEmpty(short) && !(lists as readonly string[]).includes(name) ? [] : [[name, short]];
    }),
  );
}

export function shorten(answer: unknown, { fields, compact }: Shortening): unknown {
  const some = fields ? selected(answer, fields) : answer;
  return compact ? compacted(some) : some;
}
