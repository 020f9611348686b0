import type { OperationTypeName } from '../../../schemas/index.ts';

/** Types whose header says which of several texts the body holds. */
const severalTexts: ReadonlySet<OperationTypeName> = new Set<OperationTypeName>([
  'task.create',
  'task.update',
]);

/** The `data` of a header: with the names of the texts in the body, where the type has several. */
export function withTexts({
  type,
  data,
  body,
}: {
  readonly type: OperationTypeName;
  readonly data: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, string | undefined>> | undefined;
}): Readonly<Record<string, unknown>> {
  if (!severalTexts.has(type) || body === undefined) return data;
  const texts = Object.keys(body).filter((field) => body[field] !== undefined);
  return texts.length > 0 ? { ...data, texts } : { ...data };
}
