import type { Hash, List, Memory, MemoryQuery } from '../../../schemas/index.ts';
import type { MemoryState, MemoryVersion } from '../../fold/types.ts';
import { hashOf } from '../../op/index.ts';
import { stateOf } from '../ledger/state.ts';
import { baseOf, importedOf, type Reading, removedOf, stampIso, textOf, thing, time } from './context.ts';
import { aliasesOf, pageOf } from './messages.ts';
import { memoriesOfKey } from './names.ts';

export async function memoryShape(reading: Reading, state: MemoryState): Promise<Memory> {
  const version = (one: MemoryVersion) => ({
    version: one.op,
    title: state.redacted ? null : textOf(reading, one.op, 'title'),
    text: state.redacted ? null : textOf(reading, one.op, 'text'),
    tags: [...one.tags],
    ...(one.kind === undefined ? {} : { kind: one.kind }),
    sources: [...one.sources],
    ...(one.expires === undefined ? {} : { expires: time(one.expires) }),
    by: reading.membership.person(one.by),
    at: state.imported && one.op === state.id ? time(state.created.at) : stampIso(one.stamp),
  });
  const [shown, ...others] = state.versions;
  if (!shown) throw new Error(`memory ${state.id} without a version`);
  const { crypto, database } = reading;
  const named = state.key === undefined ? [] : await memoriesOfKey(database, hashOf(crypto, state.key));
  const twins = named.filter((id) => id !== state.id);
  const by = (await reading.database.under<string>(`v/superseded/${state.id}/`)).map(([key]) =>
    key.slice(key.lastIndexOf('/') + 1),
  );
  return {
    id: state.id,
    ...(state.key === undefined ? {} : { key: state.key }),
    ...version(shown),
    author: reading.membership.person(state.created.by),
    created: time(state.created.at),
    ...(others.length > 0 ? { siblings: others.map(version) } : {}),
    ...(twins.length > 0 ? { twins } : {}),
    supersedes: [...shown.supersedes],
    supersededBy: by,
    forgotten: state.forgotten,
    ...removedOf(reading, state),
    ...importedOf(reading, state),
    ...aliasesOf(reading, state.id),
    base: baseOf(state),
  };
}

export const memoryOf = (reading: Reading, id: Hash): Promise<Memory> =>
  memoryShape(reading, thing(reading, id, 'memory'));

/** Newest first; forgotten ones only when asked for. */
export async function listMemory(reading: Reading, query: MemoryQuery = {}): Promise<List<Memory>> {
  const fits = (state: MemoryState): boolean =>
    state.forgotten === (query.forgotten ?? false) &&
    (query.key === undefined || state.key === query.key) &&
    (query.tag === undefined || (state.versions[0]?.tags.includes(query.tag) ?? false)) &&
    (query.kind === undefined || state.versions[0]?.kind === query.kind);
  const wanted = query.limit ?? 50;
  const items: Memory[] = [];
  let cursor = query.cursor;
  for (;;) {
    const page = await pageOf(
      reading,
      'v/memory/',
      { limit: wanted - items.length, cursor },
      { newest: true },
      async (id) => {
        const state = stateOf(reading, reading.database, id);
        return state?.kind === 'memory' && fits(state) ? memoryShape(reading, state) : undefined;
      },
    );
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined || items.length >= wanted)
      return cursor === undefined ? { items } : { items, next: cursor };
  }
}
