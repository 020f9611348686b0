import type { List, Reservation } from '../../../schemas/index.ts';
import { more, who } from '../show/conversation.ts';
import { counted, oneLine, table, tint, type View } from '../show/terminal.ts';
import { ago } from '../show/time.ts';

type Conflict = Reservation['conflicts'][number];

const because = (reason: string | null): string => (reason === null ? '' : `: "${oneLine(reason)}"`);

/** How long from now on. */
function left(until: string, now: number): string {
  const text = ago(until, now);
  if (text === 'now') return 'for a moment';
  return text.startsWith('in ') ? `for ${text.slice('in '.length)}` : `until ${text}`;
}

/** How long it is held, or since when not. */
function standing(item: Reservation, view: View): string {
  if (item.state === 'held') return left(item.until, view.now);
  return item.state === 'released' && item.ended
    ? `released ${ago(item.ended.at, view.now)}`
    : `expired ${ago(item.until, view.now)}`;
}

function conflict({ by, until, reason, overlaps }: Conflict, view: View): string {
  const [first] = overlaps;
  const where = first ? ` ${oneLine(first.with)} (as in ${oneLine(first.path)})` : '';
  const others = overlaps.length > 1 ? ` and ${counted(overlaps.length - 1, 'glob')} more` : '';
  return `${tint(view, 'yellow', who(by))} holds${where}${others} ${left(until, view.now)}${because(reason)}`;
}

/** One reservation, and what others hold of the same paths. */
export function reservation(item: Reservation, view: View): string {
  const task = item.task ? ` · ${item.task.short ?? item.task.id}` : '';
  const head = `${item.globs.map(oneLine).join(' ')} ${standing(item, view)}${task}${because(item.reason)}`;
  const lines = [`${head} ${tint(view, 'dim', item.id)}`];
  for (const one of item.conflicts) lines.push(`  ${conflict(one, view)}`);
  if (item.uncompared !== undefined)
    lines.push(`  ${counted(item.uncompared, 'reservation')} of others not compared`);
  if (item.invalid) lines.push(`  no globs, so they hold nothing: ${item.invalid.map(oneLine).join(' ')}`);
  return lines.join('\n');
}

export function reservations({ items, next }: List<Reservation>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'no reservations');
  const shape = [
    { title: 'who', of: (item: Reservation) => who(item.by), tint: 'cyan' as const },
    { title: 'when', of: (item: Reservation) => standing(item, view) },
    { title: 'task', of: (item: Reservation) => item.task?.short ?? item.task?.id ?? '' },
    { title: 'globs', of: (item: Reservation) => item.globs.join(' '), gives: true },
    {
      title: 'conflicts with',
      of: (item: Reservation) => [...new Set(item.conflicts.map(({ by }) => who(by)))].join(', '),
      tint: 'yellow' as const,
    },
    { title: 'id', of: (item: Reservation) => item.id, tint: 'dim' as const },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}
