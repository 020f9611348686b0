import type { Hash, Reached } from '../../../schemas/index.ts';
import type { GroupState } from '../../fold/types.ts';
import { awaitedHandle } from '../../op/index.ts';
import type { Reading } from '../reading/context.ts';
import { bearers } from '../reading/names.ts';
import type { Writing } from './context.ts';

const code = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;
const mention = /(?<![\w@/.])@([a-z0-9]+(?:[._-][a-z0-9]+)*(?:~[a-z2-7]{4,26})?)(\/?)/gi;
const shortId = /(?<![\w/.-])#?([a-z0-9]+(?:[._-][a-z0-9]+)*-[1-9]\d{0,8})(?![\w-])/g;
const most = 50;
const mostHere = 100;
const longestHandle = 32;

/** Handles that a text calls by `@handle`, outside code. `@types/node` calls somebody only where somebody is `types`. */
function handlesIn(text: string): ReadonlyMap<string, { readonly path: boolean }> {
  const found = new Map<string, { path: boolean }>();
  for (const [, handle = '', slash] of text.replace(code, ' ').matchAll(mention)) {
    const name = handle.toLowerCase();
    if (found.size < most || found.has(name))
      found.set(name, { path: slash === '/' && found.get(name)?.path !== false });
  }
  return found;
}

/** Groups of a handle; more than one where they were made apart. */
export const groupsOf = ({ membership }: Pick<Reading, 'membership'>, handle: string): GroupState[] =>
  [...membership.state.groups.values()].filter((group) => group.handle[0]?.value === handle);

/** True where an operation calls a group: who is in it is what it saw of the members log. */
export const callsGroup = ({ membership }: Reading, { mentions }: Record<string, unknown>): boolean =>
  Array.isArray(mentions) && mentions.some((id: string) => membership.state.groups.has(id));

/** Tasks that a text names by short id, `kai-12` or `#kai-12`; one that two tasks share is just text. */
export async function referencesIn(reading: Reading, text: string): Promise<{ kind: 'task'; id: Hash }[]> {
  const names = new Set(
    [...text.replace(code, ' ').matchAll(shortId)].slice(0, most).map(([, short = '']) => short),
  );
  const found: { kind: 'task'; id: Hash }[] = [];
  for (const short of names) {
    const [only, ...others] = await reading.database.called('short', short);
    if (only !== undefined && others.length === 0) found.push({ kind: 'task', id: only });
  }
  return found;
}

/**
 * What a text carries besides itself: whom it calls, as ids. Who is there for `@here` is decided now, by what this
 * replica knows, and stands in the operation; a handle that nobody bears waits for whoever is made with it.
 */
export async function saidIn({ reading, present }: Writing, text: string): Promise<Record<string, unknown>> {
  const mentions = new Set<string>();
  const awaited: Hash[] = [];
  let here: Hash[] = [];
  for (const [handle, { path }] of handlesIn(text)) {
    const members = [...bearers(reading, handle), ...groupsOf(reading, handle)];
    for (const { id } of members) if (mentions.size < most) mentions.add(id);
    if (handle === 'here') {
      mentions.add(handle);
      here = [...(await present())].sort().slice(0, mostHere);
    } else if (members.length === 0 && !path && handle.length <= longestHandle && !handle.includes('~'))
      awaited.push(awaitedHandle(reading.crypto, reading.workspace, handle));
  }
  const references = await referencesIn(reading, text);
  return Object.fromEntries(
    Object.entries({ mentions: [...mentions], here, awaited, references }).filter(
      ([, list]) => list.length > 0,
    ),
  );
}

/** Whom an operation addresses or mentions, and whether they are there now; its author aside. */
export async function reachedBy(
  { reading, present }: Writing,
  author: Hash,
  data: Readonly<Record<string, unknown>>,
  text: string,
): Promise<Reached[]> {
  const listed = (field: string) => (data[field] as readonly Hash[] | undefined) ?? [];
  const [mentions, here, awaited, to] = ['mentions', 'here', 'awaited', 'to'].map(listed);
  if (!mentions?.length && !awaited?.length && !to?.length) return [];
  const there = await present();
  const known = (id: Hash, via?: string): Reached => ({
    handle: reading.membership.person(id).handle,
    id,
    status: there.has(id) ? 'present' : 'offline',
    ...(via === undefined ? {} : { via }),
  });
  const { groups } = reading.membership.state;
  const named = new Set([author, 'here', ...(to ?? []), ...(mentions ?? [])]);
  return [
    ...[...named].filter((id) => id !== 'here' && id !== author && !groups.has(id)).map((id) => known(id)),
    ...(mentions ?? []).flatMap((id) => {
      const group = groups.get(id);
      const members = Object.keys(group?.members ?? {}).filter((member) => !named.has(member));
      return members.map((member) => known(member, group?.handle[0]?.value));
    }),
    ...(here ?? []).filter((id) => !named.has(id)).map((id) => known(id, 'here')),
    ...(mentions ?? []).flatMap((id): Reached[] => {
      const group = groups.get(id);
      const members = id === 'here' ? (here ?? []) : Object.keys(group?.members ?? {});
      if ((id !== 'here' && !group) || members.some((member) => member !== author)) return [];
      return [{ handle: group?.handle[0]?.value ?? id, ...(group ? { id } : {}), status: 'empty' }];
    }),
    ...[...handlesIn(text).keys()]
      .filter((handle) => awaited?.includes(awaitedHandle(reading.crypto, reading.workspace, handle)))
      .map((handle): Reached => ({ handle, status: 'unknown' })),
  ];
}
