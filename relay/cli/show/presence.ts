import type { List, Presence, PresenceState } from '../../../schemas/index.ts';
import { more, who as name } from './conversation.ts';
import { oneLine, type Tint, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

const tints: Readonly<Record<PresenceState, Tint>> = {
  working: 'green',
  waiting: 'yellow',
  idle: 'blue',
  away: 'dim',
  offline: 'dim',
};

/** What a member does, since when, on one line. */
export function presenceLine(item: Presence, view: View): string {
  const { state, task, waitingFor, note, since, seen, sessions } = item;
  const about = [
    task && `on ${task.short ?? task.id}`,
    waitingFor && `for ${name(waitingFor)}`,
    note && `"${oneLine(note)}"`,
  ].filter((part): part is string => typeof part === 'string');
  const when = since
    ? `since ${ago(since, view.now)}`
    : seen
      ? `last seen ${ago(seen, view.now)}`
      : 'not seen lately';
  const more = sessions > 1 ? `, ${sessions} sessions` : '';
  return [
    tint(view, 'cyan', name(item.member)),
    tint(view, tints[state], state),
    ...about,
    tint(view, 'dim', `${when}${more}`),
  ].join(' ');
}

export function who({ items, next }: List<Presence>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'nobody is there');
  return [...items.map((item) => presenceLine(item, view)), more(next, view)]
    .filter((line) => line !== '')
    .join('\n');
}
