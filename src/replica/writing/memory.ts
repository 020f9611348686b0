import type { Hash, MemoryUpdate, Remember } from '../../../schemas/index.ts';
import { hashOf } from '../../op/index.ts';
import { findMemory, memoriesOfKey, unreplaced } from '../reading/names.ts';
import { type Actor, once, queuedState, refuseRedacted, type Writing } from './context.ts';

type Key = string | undefined;

async function versionOf(writing: Writing, input: MemoryUpdate): Promise<Record<string, unknown>> {
  const supersedes = await Promise.all(
    (input.supersedes ?? []).map((ref) => findMemory(writing.reading, ref)),
  );
  return {
    ...(input.tags ? { tags: input.tags } : {}),
    ...(input.kind === undefined ? {} : { kind: input.kind }),
    ...(input.sources ? { sources: input.sources } : {}),
    ...(input.expires === undefined ? {} : { expires: Date.parse(input.expires) }),
    ...(supersedes.length > 0 ? { supersedes } : {}),
  };
}

/** As many as an operation may name. */
const most = 50;

function superseding(data: Record<string, unknown>, replaced: readonly Hash[]): Record<string, unknown> {
  const named = (data['supersedes'] as readonly Hash[] | undefined) ?? [];
  const all = [...new Set([...named, ...replaced])].slice(0, most);
  return all.length > 0 ? { ...data, supersedes: all } : data;
}

/** Writes a memory; under a key that exists it writes the next version of that memory. */
export async function remember(writing: Writing, actor: Actor, input: Remember, key: Key): Promise<Hash> {
  const data = await versionOf(writing, input);
  const body = { title: input.title, text: input.text };
  const named = input.key === undefined ? undefined : hashOf(writing.reading.crypto, input.key);
  const hash = await once(writing, { actor, key, input: { remember: input } }, async (work, keyHash) => {
    const known = named === undefined ? [] : await memoriesOfKey(work.draft, named);
    const open = await unreplaced(work.draft, known);
    const [id] = open;
    if (id !== undefined && open.length === 1) {
      const state = await queuedState(writing, work, id, 'memory');
      refuseRedacted(state);
      // A version stands for all of it: what the one before replaced under this key stays replaced.
      const replaced = state.versions.flatMap((one) =>
        one.supersedes.filter((other) => known.includes(other)),
      );
      return writing.ledger.append(work, {
        log: 'memory',
        type: 'memory.update',
        subject: id,
        member: actor.id,
        data: superseding(data, replaced),
        body,
        key: keyHash,
        base: input.base,
      });
    }
    // Two memories made apart under one key are siblings: a write to the key can't choose, so it replaces both.
    return writing.ledger.append(work, {
      log: 'memory',
      type: 'memory.create',
      member: actor.id,
      data: { ...superseding(data, open), ...(input.key === undefined ? {} : { key: input.key }) },
      body,
      key: keyHash,
    });
  });
  return subject(writing, hash);
}

export async function updateMemory(
  writing: Writing,
  actor: Actor,
  ref: string,
  input: MemoryUpdate,
  key: Key,
): Promise<Hash> {
  const id = await findMemory(writing.reading, ref);
  const data = await versionOf(writing, input);
  await once(writing, { actor, key, input: { memory: id, input } }, async (work, keyHash) => {
    refuseRedacted(await queuedState(writing, work, id, 'memory'));
    return writing.ledger.append(work, {
      log: 'memory',
      type: 'memory.update',
      subject: id,
      member: actor.id,
      data,
      body: { title: input.title, text: input.text },
      key: keyHash,
      base: input.base,
    });
  });
  return id;
}

/** Hides a memory from recall; what is hidden already is left alone. */
export async function forget(writing: Writing, actor: Actor, ref: string, key: Key): Promise<Hash> {
  const id = await findMemory(writing.reading, ref);
  await once(writing, { actor, key, input: { forget: id } }, async (work, keyHash) => {
    if ((await queuedState(writing, work, id, 'memory')).forgotten) return id;
    return writing.ledger.append(work, {
      log: 'memory',
      type: 'memory.forget',
      subject: id,
      member: actor.id,
      data: {},
      key: keyHash,
    });
  });
  return id;
}

/** The memory that an operation made or changed. */
function subject(writing: Writing, hash: Hash): Hash {
  const row = writing.reading.database.get<{ header: { subject: string } }>(`op/${hash}`);
  return row?.header.subject ? row.header.subject : hash;
}
