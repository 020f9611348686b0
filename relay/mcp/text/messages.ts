import type { Channel, List, Message, Thread } from '../../../schemas/index.ts';
import {
  clean,
  counted,
  hanging,
  id,
  lines,
  next,
  oneLine,
  type Showing,
  when,
  who,
  words,
} from './words.ts';

/** A message on one line, or as many as it has. */
export function message(item: Message, show: Showing): string {
  const about = words(
    item.thread && item.thread !== item.id && `in thread ${id(item.thread, show)}`,
    item.replies ? counted(item.replies, 'reply', 'replies') : '',
    item.edits && 'edited',
    item.pinned && 'pinned',
    item.resolved && 'resolved',
    item.siblings && 'edited apart',
    ...(item.reactions ?? []).map(({ emoji, members }) => `${emoji}×${members.length}`),
  );
  const files = (item.files ?? []).map((file) => ` <${oneLine(file.url)}>`).join('');
  const text = item.text === null ? '(removed)' : hanging(clean(item.text));
  const head = words(id(item.id, show), who(item.author), when(item.at, show));
  return `${head}${about && ` (${about})`}: ${text}${files}`;
}

/** A page, the oldest first, as people read. */
export function page({ items, next: cursor }: List<Message>, show: Showing): string {
  if (items.length === 0) return 'no messages';
  return lines(next(cursor), ...items.toReversed().map((item) => message(item, show)));
}

export const thread = ({ root, items, next: cursor }: Thread, show: Showing): string =>
  lines(message(root, show), ...items.map((item) => message(item, show)), next(cursor));

export function channels({ items, next: cursor }: List<Channel>, show: Showing): string {
  const line = (item: Channel): string =>
    words(
      item.direct ? `@${item.direct.map(who).join(',@')}` : item.name,
      `(${counted(item.messages, 'message')}${item.latest ? `, latest ${when(item.latest, show)}` : ''})`,
      item.topic && `- ${oneLine(item.topic)}`,
    );
  return lines(...items.map(line), next(cursor)) || 'no channels';
}

/** Whom a message reaches, and whom not yet. */
export function reached(item: Message): string {
  const named = (status: string): string =>
    (item.reaches ?? []).flatMap((one) => (one.status === status ? [`@${one.handle}`] : [])).join(', ');
  const [offline, unknown, empty] = [named('offline'), named('unknown'), named('empty')];
  return words(
    offline && `not there, finds it in the inbox: ${offline}.`,
    unknown && `nobody is called ${unknown} yet.`,
    empty && `reaches nobody: ${empty}.`,
  );
}
