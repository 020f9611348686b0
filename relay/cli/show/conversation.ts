import type { Channel, Group, List, Message, Person, Thread } from '../../../schemas/index.ts';
import { clean, counted, indent, oneLine, table, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

/** A person as people call it. */
export const who = (person: Person | null): string =>
  person === null ? 'the replica' : oneLine(person.handle);

/** Text, or what stands where it was. */
export function body(
  thing: { text: string | null; removed?: { by: Person; at: string } | undefined },
  view: View,
): string {
  if (thing.text !== null) return clean(thing.text);
  const by = thing.removed ? ` by ${who(thing.removed.by)}, ${ago(thing.removed.at, view.now)}` : '';
  return tint(view, 'dim', `(removed${by})`);
}

/** A message: who, when, and what people need to answer it. */
export function message(item: Message, view: View): string {
  const about = [
    ago(item.at, view.now),
    item.edits && `edited ${ago(item.edits.at, view.now)}`,
    item.pinned && 'pinned',
    item.resolved && 'resolved',
    item.thread && item.thread !== item.id && `in thread ${item.thread}`,
    item.replies && counted(item.replies, 'reply', 'replies'),
    item.imported && `imported by ${who(item.imported.by)}`,
    item.siblings && 'edited apart: see history',
  ].filter((part): part is string => typeof part === 'string');
  const head = `${tint(view, 'cyan', who(item.author))} ${tint(view, 'dim', `${about.join(' · ')} · ${item.id}`)}`;
  const files = (item.files ?? []).map((file) => `${oneLine(file.name)} <${oneLine(file.url)}>`);
  const reactions = (item.reactions ?? []).map(
    ({ emoji, members }) => `${oneLine(emoji)} ${members.map(who).join(', ')}`,
  );
  const rest = [...files, reactions.join('   ')].filter((line) => line !== '');
  return [head, indent([body(item, view), ...rest.map((line) => tint(view, 'dim', line))].join('\n'))].join(
    '\n',
  );
}

/** A page of a channel, oldest first whatever order it came in, as people read. */
export function page(answer: List<Message>, oldestFirst: boolean, view: View): string {
  if (answer.items.length === 0) return tint(view, 'dim', 'no messages');
  const items = oldestFirst ? answer.items : answer.items.toReversed();
  const shown = items.map((item) => message(item, view)).join('\n\n');
  const on = more(answer.next, view);
  if (on === '') return shown;
  return oldestFirst ? `${shown}\n\n${on}` : `${on}\n\n${shown}`;
}

/** How to see the next page. */
export const more = (next: string | undefined, view: View): string =>
  next === undefined ? '' : tint(view, 'dim', `more with: --cursor ${next}`);

export function thread({ root, items, next, following }: Thread, view: View): string {
  const replies = items.map((item) => indent(message(item, view)));
  const told = { follow: 'you follow this thread', mute: 'you muted this thread', default: '' }[following];
  return [message(root, view), ...replies, more(next, view), tint(view, 'dim', told)]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function channels({ items, next }: List<Channel>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'no channels');
  const shape = [
    { title: 'channel', of: (item: Channel) => item.name, tint: 'cyan' as const },
    { title: 'messages', of: (item: Channel) => String(item.messages), right: true },
    { title: 'latest', of: (item: Channel) => (item.latest ? ago(item.latest, view.now) : '') },
    { title: 'topic', of: (item: Channel) => item.topic, gives: true },
    { title: 'id', of: (item: Channel) => item.id, tint: 'dim' as const },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}

/** One channel after a change. */
export function channel(item: Channel, view: View): string {
  const archived = item.archived ? tint(view, 'yellow', ' archived') : '';
  const topic = item.topic === '' ? '' : `\n${indent(clean(item.topic))}`;
  const twins = item.twins?.length
    ? `\n${tint(view, 'yellow', `made apart under the same name: ${item.twins.join(', ')}`)}`
    : '';
  return `${tint(view, 'cyan', item.name)}${archived} ${tint(view, 'dim', item.id)}${topic}${twins}`;
}

/** A group on one line: its handle, and who is in it. */
export const group = ({ handle, members, id }: Group, view: View): string =>
  `${tint(view, 'cyan', `@${oneLine(handle)}`)} ${members.map(who).join(', ') || 'nobody'} ${tint(view, 'dim', id)}`;

export function groups({ items, next }: List<Group>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'no groups');
  return [...items.map((item) => group(item, view)), more(next, view)]
    .filter((line) => line !== '')
    .join('\n');
}
