import type { InboxItem } from '../../../schemas/index.ts';
import { who } from '../show/conversation.ts';
import { oneLine, shorten } from '../show/terminal.ts';

/**
 * One inbox item for an agent, in few tokens: what acknowledges it, what it is, and for what is said in a channel the
 * message, which names the thread to answer in. A task is named by where it is.
 */
export function itemFor(item: InboxItem, columns: number): string {
  const { short, kind, by, place, subject, text } = item;
  const where = place === undefined ? '' : ` ${oneLine(place)}`;
  const message = place?.startsWith('#') || place === undefined ? ` ${subject}` : '';
  return `${short} ${kind} ${who(by)}${where}${message}: ${shorten(oneLine(text), columns)}`;
}
