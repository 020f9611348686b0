import { operationTypes } from '../../../schemas/index.ts';
import type { Draft, ImportSink, Written } from '../../../src/import/draft.ts';

/** An operation as the sink holds it: references are ids. */
export interface Stored {
  readonly id: string;
  readonly draft: Draft;
  readonly data: Record<string, unknown>;
  readonly subject: string | undefined;
}

export interface MemorySink extends ImportSink {
  readonly stored: Stored[];
  /** Ids of the five channels that every workspace has. */
  readonly defaults: readonly string[];
  bySource(source: string): Stored | undefined;
  ofType(type: Draft['type']): Stored[];
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** A valid id for a number. */
function hashOf(n: number): string {
  let text = '';
  for (let rest = n; text.length < 25; rest = Math.floor(rest / 32)) text += alphabet[rest % 32];
  return `${text}a`;
}

const salt = hashOf(0);

/** An import sink in memory, whose ids begin at a number: resolves references, checks every operation against its schema, and keeps it. */
export function memorySink(first = 1): MemorySink {
  const stored: Stored[] = [];
  const sources = new Map<string, Stored>();
  const ids = new Map<string, string>();
  let next = first;
  for (const name of ['general', 'problems', 'shipping', 'dev', 'decisions'])
    ids.set(`default:${name}`, hashOf(next++));
  const defaults = [...ids.values()];

  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value) {
      const id = ids.get(String(value.$ref));
      if (id === undefined) throw new Error(`unknown reference ${String(value.$ref)}`);
      return id;
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  };

  const write = (draft: Draft): Written => {
    const { ref, imported } = draft;
    if (ref !== imported.source) throw new Error(`${ref} is not its source`);
    const known = sources.get(imported.source);
    if (known) return { ref, id: known.id, state: 'present' };
    try {
      const data = resolve(draft.data) as Record<string, unknown>;
      const subject = draft.subject ? (resolve(draft.subject) as string) : undefined;
      if (draft.log.kind === 'channel') resolve(draft.log.channel);
      if (imported.author) resolve(imported.author);
      const type = operationTypes[draft.type];
      type.data.parse(data);
      if (draft.body || draft.type === 'message.create') type.body?.parse({ salt, ...draft.body });
      if ((type.subject === 'creation') !== (subject === undefined)) throw new Error('wrong subject');
      if (!Number.isSafeInteger(imported.at) || imported.source.length > 512)
        throw new Error('wrong imported');
      const entry: Stored = { id: hashOf(next++), draft, data, subject };
      stored.push(entry);
      sources.set(imported.source, entry);
      ids.set(ref, entry.id);
      return { ref, id: entry.id, state: 'written' };
    } catch (error) {
      return { ref, state: 'rejected', reason: error instanceof Error ? error.message : String(error) };
    }
  };

  return {
    stored,
    defaults,
    bySource: (source) => sources.get(source),
    ofType: (type) => stored.filter((entry) => entry.draft.type === type),
    write: (drafts) => Promise.resolve(drafts.map(write)),
  };
}
