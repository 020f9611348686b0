import { CoterieError, type Hash, limits } from '../../../schemas/index.ts';
import { directChannel } from '../../fold/index.ts';
import type { ChannelState, MemberState, TaskState } from '../../fold/types.ts';
import { directId, hashOf } from '../../op/index.ts';
import { keys, type OperationRow } from '../commit/rows.ts';
import type { Reader } from '../commit/transaction.ts';
import { stateOf } from '../ledger/state.ts';
import { isHash, type Reading, thing } from './context.ts';

const lastPart = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/**
 * A channel by id or by name, with or without `#`. `@mia` or `@mia,@ben` is the direct conversation with them; whoever
 * asks (`me`) need not be named.
 */
export async function findChannel(reading: Reading, ref: string, me?: Hash): Promise<ChannelState> {
  if (ref.startsWith('@')) return conversationWith(reading, ref, me);
  if (isHash(ref)) {
    const state = stateOf(reading, reading.database, ref);
    if (state?.kind === 'channel') return state;
  }
  const name = ref.startsWith('#') ? ref.slice(1) : ref;
  const found = await reading.database.called('name', name);
  if (found.length > 1)
    throw new CoterieError('ambiguous', `${found.length} channels are named ${name}.`, {
      hint: 'Name the channel by its id.',
      legal: [...found],
    });
  const state = found[0] === undefined ? undefined : stateOf(reading, reading.database, found[0]);
  if (state?.kind !== 'channel')
    throw new CoterieError('not_found', `There is no channel ${ref}.`, {
      hint: 'List channels to see their names.',
    });
  return state;
}

function conversationWith(reading: Reading, ref: string, me: Hash | undefined): ChannelState {
  const handles = ref.split(',').map((handle) => handle.trim());
  const named = handles.filter((handle) => handle !== '').map((handle) => findMember(reading, handle).id);
  const members = new Set(me === undefined ? named : [me, ...named]);
  if (members.size < 2 || members.size > limits.conversation)
    throw new CoterieError(
      'invalid',
      `${ref}: a direct conversation is between 2 to ${limits.conversation} members.`,
      {
        hint: 'Name the others, such as @mia or @mia,@ben; for more of them make a channel.',
      },
    );
  const id = directId(reading.crypto, reading.workspace, members);
  const state = stateOf(reading, reading.database, id);
  return state?.kind === 'channel' ? state : directChannel(id, members);
}

/** How a channel is called: by its name, a direct conversation by who is in it. */
export const nameOfChannel = ({ membership }: Pick<Reading, 'membership'>, state: ChannelState): string =>
  state.name[0]?.value ??
  (state.direct ?? [])
    .map((id) => `@${membership.person(id).handle}`)
    .sort()
    .join(',');

/** Between a short id and the part of the id that tells twins apart. */
const longer = '~';

/** A task by id, by short id, or by the longer form of a short id that two tasks share. */
export async function findTask(reading: Reading, ref: string): Promise<TaskState> {
  if (isHash(ref)) return thing(reading, ref, 'task');
  const [short = '', part = ''] = ref.split(longer);
  const found = (await reading.database.called('short', short)).filter((id) => id.startsWith(part));
  const [id] = found;
  if (id === undefined) throw new CoterieError('not_found', `There is no task ${ref}.`);
  if (found.length > 1)
    throw new CoterieError('ambiguous', `${found.length} tasks are called ${short}.`, {
      legal: longerForms(short, found),
    });
  return thing(reading, id, 'task');
}

/** A thing by id, or a task by its short id, or a channel by its name. */
export async function anyId(reading: Reading, ref: string): Promise<Hash> {
  if (isHash(ref)) return ref;
  for (const find of [findTask, findChannel])
    try {
      return (await find(reading, ref)).id;
    } catch (error) {
      if (!(error instanceof CoterieError && error.code === 'not_found')) throw error;
    }
  throw new CoterieError('not_found', `There is nothing called ${ref}.`, {
    hint: 'Give an id, the short id of a task, or the name of a channel.',
  });
}

/** The shortest forms that tell tasks of one short id apart. */
export function longerForms(short: string, ids: readonly Hash[]): string[] {
  let length = 4;
  while (length < 26 && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++;
  return ids.map((id) => `${short}${longer}${id.slice(0, length)}`);
}

/** How a task is called: its short id, or the longer form where another has the same. */
export async function shortOf(reading: Reading, state: TaskState): Promise<string> {
  const found = await reading.database.called('short', state.short);
  if (found.length < 2) return state.short;
  return longerForms(state.short, found)[found.indexOf(state.id)] ?? state.short;
}

/** Members of a handle, or of its longer form: those who can speak come before authors of history. */
export function bearers({ membership }: Pick<Reading, 'membership'>, name: string): readonly MemberState[] {
  const [handle = '', part = ''] = name.split(longer);
  const all = membership.byHandle(handle).filter(({ id }) => id.startsWith(part));
  const speaking = all.filter((member) => !member.imported);
  return speaking.length > 0 ? speaking : all;
}

/** How a member is called so that nobody else is meant: by its handle, or the longer form where another has the same. */
export function calledOf({ membership }: Pick<Reading, 'membership'>, { id, imported }: MemberState): string {
  const { handle } = membership.person(id);
  const ids = membership.byHandle(handle).flatMap((one) => (one.imported === imported ? [one.id] : []));
  return ids.length < 2 ? handle : (longerForms(handle, ids)[ids.indexOf(id)] ?? handle);
}

/** A member by id, by handle, or by the longer form of a handle that two members have. */
export function findMember(reading: Pick<Reading, 'membership'>, ref: string): MemberState {
  const name = ref.startsWith('@') ? ref.slice(1) : ref;
  const byId = reading.membership.state.members.get(name);
  if (byId) return byId;
  const found = bearers(reading, name);
  const [member] = found;
  if (!member)
    throw new CoterieError('not_found', `There is no member ${ref}.`, {
      hint: 'List members to see their handles.',
    });
  if (found.length > 1)
    throw new CoterieError('ambiguous', `${found.length} members are called ${name}.`, {
      legal: found.map((one) => calledOf(reading, one)),
    });
  return member;
}

/** Ids of memories of a key, or of the one memory of that id. */
export async function findMemory(reading: Reading, ref: string): Promise<Hash> {
  if (isHash(ref)) {
    const row = reading.database.get<OperationRow>(keys.operation(ref));
    if (row?.header.type === 'memory.create') return thing(reading, ref, 'memory').id;
  }
  const { database, crypto } = reading;
  const ids = await unreplaced(database, await memoriesOfKey(database, hashOf(crypto, ref)));
  const [id] = ids;
  if (id === undefined) throw new CoterieError('not_found', `There is no memory ${ref}.`);
  if (ids.length > 1)
    throw new CoterieError('ambiguous', `${ids.length} memories have the key ${ref}.`, {
      hint: 'Name one by its id, and supersede the other.',
      legal: ids,
    });
  return id;
}

/** All that were made under a key, in any order, by the hash of the key. */
export async function memoriesOfKey(reader: Pick<Reader, 'under'>, key: Hash): Promise<Hash[]> {
  return (await reader.under<string>(`v/memorykey/${key}/`)).map(([row]) => lastPart(row));
}

/** Those of one key that none of the others replaces: as a rule one. */
export async function unreplaced(reader: Pick<Reader, 'under'>, ids: readonly Hash[]): Promise<Hash[]> {
  if (ids.length < 2) return [...ids];
  const open: Hash[] = [];
  for (const id of ids) {
    const by = (await reader.under<string>(`v/superseded/${id}/`)).map(([row]) => lastPart(row));
    if (!by.some((other) => other !== id && ids.includes(other))) open.push(id);
  }
  // Each replaced by another, in a circle: nobody can tell which is meant.
  return open.length > 0 ? open : [...ids];
}
