import { type Folder, invalid } from '../folder.ts';
import { defaultChannels, makeChannelNames, makeHandles } from '../names.ts';
import { Conversation, readList, SlackMessage, tsKey, tsMillis, User } from './shapes.ts';
import { mentioned } from './text.ts';

/** Someone who wrote, reacted or was mentioned. */
export interface Person {
  readonly id: string;
  readonly user: User | undefined;
  readonly handle: string;
  /** Time of the first message, ms; or of the oldest in the export. */
  readonly first: number;
}

export type Kind = 'public' | 'private' | 'group' | 'direct';

/** A channel or a direct conversation, and where its messages are. */
export interface Place {
  readonly id: string;
  readonly kind: Kind;
  readonly channel: Conversation;
  /** Mapped and unique in the import. */
  readonly name: string;
  /** One of the five that every workspace has. */
  readonly isDefault: boolean;
  /** Files in order of time; those of one group overlap and are sorted together. */
  readonly days: readonly (readonly string[])[];
  readonly first: number;
}

/** What a first reading found. Nothing is written before it is done. */
export interface Plan {
  readonly people: ReadonlyMap<string, Person>;
  readonly places: readonly Place[];
  readonly messages: number;
  readonly threads: number;
  /** Ids that texts mention and that nothing else is known of. */
  readonly strangers: readonly string[];
  /** Files that hold nothing of a known kind. */
  readonly strays: readonly string[];
}

const lists: readonly { file: string; kind: Kind }[] = [
  { file: 'channels.json', kind: 'public' },
  { file: 'groups.json', kind: 'private' },
  { file: 'mpims.json', kind: 'group' },
  { file: 'dms.json', kind: 'direct' },
];

/** The folder in the archive that holds the export; some tools pack it one level down. */
function findBase(folder: Folder): string {
  const found = [...folder.files.keys()]
    .filter((path) => /(?:^|\/)(?:channels|users)\.json$/.test(path) && !path.startsWith('__MACOSX/'))
    .sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))[0];
  if (found === undefined)
    throw invalid(`${folder.name} is not a Slack export: it holds neither channels.json nor users.json`);
  return found.slice(0, found.lastIndexOf('/') + 1);
}

/** What one reading of a conversation's files saw. */
interface Seen {
  readonly authors: Map<string, number>;
  /** Who reacted, pinned, or belongs to a conversation. */
  readonly others: Set<string>;
  readonly mentioned: Set<string>;
  messages: number;
  threads: number;
}

/**
 * Reads everything once, checking each file and remembering only names and times.
 * @throws {CoterieError} `import_invalid` or `import_unsafe`
 */
export async function makePlan(folder: Folder, step: () => void, signal?: AbortSignal): Promise<Plan> {
  const base = findBase(folder);
  const used = new Set<string>([`${base}users.json`]);
  const users = folder.files.has(`${base}users.json`)
    ? await readList(folder, `${base}users.json`, User)
    : [];
  const found: { channel: Conversation; kind: Kind; files: string[] }[] = [];
  for (const { file, kind } of lists) {
    if (!folder.files.has(base + file)) continue;
    used.add(base + file);
    for (const channel of await readList(folder, base + file, Conversation)) {
      const inside = `${base}${kind === 'direct' ? channel.id : (channel.name ?? channel.id)}/`;
      const files = [...folder.files.keys()].filter(
        (path) => path.startsWith(inside) && /^[^/]+\.json$/.test(path.slice(inside.length)),
      );
      for (const path of files) used.add(path);
      found.push({ channel, kind, files });
    }
  }

  const seen: Seen = { authors: new Map(), others: new Set(), mentioned: new Set(), messages: 0, threads: 0 };
  const spans: { days: string[][]; first: number }[] = [];
  for (const { channel, files } of found) {
    for (const id of [
      ...(channel.members ?? []),
      channel.creator,
      ...(channel.pins ?? []).map((pin) => pin.user),
    ])
      if (id) seen.others.add(id);
    spans.push(await survey(folder, files, seen, step, signal));
  }
  const oldest = Math.min(...spans.map((span) => span.first), ...seen.authors.values());
  const people = meet(users, seen, Number.isFinite(oldest) ? oldest : 0);
  const names = makeChannelNames();
  const places = found.map(({ channel, kind }, i): Place => {
    const { days = [], first = Number.POSITIVE_INFINITY } = spans[i] ?? {};
    const wanted = nameOf(channel, kind, people);
    // Only what everyone could read goes into a channel that every workspace has.
    const apart = kind !== 'public' && defaultChannels.includes(wanted);
    const name = names(apart ? `${wanted}-${kind}` : wanted, channel.id);
    const isDefault = kind === 'public' && defaultChannels.includes(name);
    const created = (channel.created ?? 0) * 1000;
    const at = created > 0 ? created : Number.isFinite(first) ? first : 0;
    return { id: channel.id, kind, channel, name, isDefault, days, first: Math.floor(at) };
  });
  const strangers = [...seen.mentioned].filter((id) => !people.has(id)).sort();
  const strays = [...folder.files.keys()].filter((path) => !used.has(path) && !path.startsWith('__MACOSX/'));
  return { people, places, messages: seen.messages, threads: seen.threads, strangers, strays };
}

function nameOf(channel: Conversation, kind: Kind, people: ReadonlyMap<string, Person>): string {
  if (kind !== 'direct') return channel.name ?? channel.id;
  return `dm-${(channel.members ?? []).map((id) => people.get(id)?.handle ?? id).join('-')}`;
}

/** Reads a conversation's files and puts those that overlap in time together. */
async function survey(
  folder: Folder,
  files: readonly string[],
  seen: Seen,
  step: () => void,
  signal: AbortSignal | undefined,
): Promise<{ days: string[][]; first: number }> {
  const spans: { path: string; from: string; to: string }[] = [];
  const roots = new Set<string>();
  let first = Number.POSITIVE_INFINITY;
  for (const path of files) {
    signal?.throwIfAborted();
    const messages = await readMessages(folder, path);
    for (const message of messages) {
      first = Math.min(first, tsMillis(message.ts));
      if (message.thread_ts && message.thread_ts !== message.ts) roots.add(message.thread_ts);
      note(message, seen);
    }
    const keys = messages.map((message) => tsKey(message.ts)).sort();
    const from = keys[0];
    if (from !== undefined) spans.push({ path, from, to: keys.at(-1) ?? from });
    step();
  }
  seen.threads += roots.size;
  return { days: group(spans), first };
}

/** Remembers whom a message names. */
function note(message: SlackMessage, seen: Seen): void {
  const at = tsMillis(message.ts);
  const author = authorOf(message);
  seen.messages++;
  if (author) seen.authors.set(author, Math.min(at, seen.authors.get(author) ?? at));
  for (const id of mentioned(message.text ?? '')) seen.mentioned.add(id);
  for (const { users } of message.reactions ?? []) for (const id of users ?? []) seen.others.add(id);
}

/** Files in order of their first message; one that begins before another ends joins it. */
function group(spans: { path: string; from: string; to: string }[]): string[][] {
  const days: string[][] = [];
  let end = '';
  for (const span of spans.sort((a, b) =>
    a.from < b.from ? -1 : a.from > b.from ? 1 : a.path < b.path ? -1 : 1,
  )) {
    if (days.length > 0 && span.from <= end) days.at(-1)?.push(span.path);
    else days.push([span.path]);
    if (span.to > end) end = span.to;
  }
  return days;
}

/** The messages of one file, checked. */
export const readMessages = (folder: Folder, path: string): Promise<SlackMessage[]> =>
  readList(folder, path, SlackMessage);

/** Whom a message is by: a user id, a bot's id, or `name:` and the name that a bot gave itself. */
export function authorOf(message: SlackMessage): string | undefined {
  if (message.subtype === 'file_comment' && message.comment?.user) return message.comment.user;
  if (message.user) return message.user;
  if (message.bot_id) return message.bot_id;
  return message.username ? `name:${message.username}` : undefined;
}

/** Everyone, each with a handle of their own: those that the export lists first, by id, so that it never varies. */
function meet(users: readonly User[], seen: Seen, oldest: number): Map<string, Person> {
  const handles = makeHandles();
  const people = new Map<string, Person>();
  const byId = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  for (const user of [...users].sort((a, b) => byId(a.id, b.id))) {
    const name = user.name || user.profile?.display_name || user.real_name || '';
    if (people.has(user.id)) continue;
    people.set(user.id, {
      id: user.id,
      user,
      handle: handles(name, user.id),
      first: seen.authors.get(user.id) ?? oldest,
    });
  }
  for (const id of [...new Set([...seen.authors.keys(), ...seen.others])].sort(byId)) {
    if (people.has(id)) continue;
    const name = id.startsWith('name:') ? id.slice(5) : id;
    people.set(id, {
      id,
      user: undefined,
      handle: handles(name, 'bot'),
      first: seen.authors.get(id) ?? oldest,
    });
  }
  return people;
}
