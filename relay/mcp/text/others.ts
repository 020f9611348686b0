import type {
  List,
  Memory,
  Presence,
  Remembered,
  Reservation,
  SearchAnswer,
} from '../../../schemas/index.ts';
import { aboutFound, aboutSearch, whyOf } from '../../searched.ts';
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

export function found(answer: SearchAnswer, show: Showing): string {
  const { results, next: cursor, behind } = answer;
  const line = (one: SearchAnswer['results'][number]): string => {
    const name = one.kind === 'task' || (one.kind === 'memory' && one.place) ? one.place : id(one.id, show);
    const why = whyOf(one);
    const known = aboutFound(one, (other) => id(other, show)).map(oneLine);
    const about = [...known, ...(why === undefined ? [] : [why])].join(', ');
    const said = one.snippet.includes('\n') ? hanging(clean(one.snippet)) : oneLine(one.snippet);
    const title = one.title === undefined || one.title === one.snippet ? '' : `${oneLine(one.title)}: `;
    return `${words(one.kind, name, who(one.by), one.kind === 'message' && one.place && `in ${one.place}`, when(one.at, show))}: ${title}${said}${about === '' ? '' : ` (${about})`}`;
  };
  return lines(
    ...(results.length > 0 ? results.map(line) : ['nothing found']),
    ...aboutSearch(answer).map(oneLine),
    next(cursor),
    behind > 0 && `${counted(behind, 'operation')} not indexed yet`,
  );
}

export function memory(item: Memory, show: Showing): string {
  const head = words(
    item.key ?? id(item.id, show),
    who(item.by),
    when(item.at, show),
    item.tags.map((tag) => `#${tag}`).join(' '),
  );
  const version = (one: { title: string | null; text: string | null }): string =>
    `${one.title ? `${oneLine(one.title)}: ` : ''}${one.text === null ? '(removed)' : hanging(clean(one.text))}`;
  return lines(
    `${head}${item.forgotten ? ' (forgotten)' : ''}: ${version(item)}`,
    ...(item.siblings ?? []).map(
      (one) => `  written apart by ${who(one.by)} ${when(one.at, show)}: ${version(one)}`,
    ),
    item.supersededBy.length > 0 &&
      `  superseded by ${item.supersededBy.map((one) => id(one, show)).join(', ')}`,
  );
}

/** A memory as it was just written, and what is known that says nearly the same. */
export const remembered = ({ similar = [], ...item }: Remembered, show: Showing): string =>
  lines(
    memory(item, show),
    ...similar.map(
      (one) =>
        `nearly the same is known: ${one.key ?? id(one.id, show)}, ${who(one.by)} ${when(one.at, show)}: ${one.title === undefined ? '' : `${oneLine(one.title)}: `}${oneLine(one.text)}`,
    ),
  );

export function presence({ items, next: cursor }: List<Presence>, show: Showing): string {
  const line = (one: Presence): string =>
    words(
      one.member.handle,
      one.state,
      one.task && `on ${one.task.short ?? id(one.task.id, show)}`,
      one.waitingFor && `for ${who(one.waitingFor)}`,
      one.note && `"${oneLine(one.note)}"`,
      one.since ? `since ${when(one.since, show)}` : one.seen && `last seen ${when(one.seen, show)}`,
    );
  return lines(...items.map(line), next(cursor)) || 'nobody is there';
}

export function reservation(item: Reservation, show: Showing): string {
  const end = item.state === 'held' ? `ends ${when(item.until, show)}` : item.state;
  return lines(
    words(
      id(item.id, show),
      who(item.by),
      'holds',
      item.globs.map(oneLine).join(' '),
      end,
      item.task && `for ${item.task.short ?? id(item.task.id, show)}`,
      item.reason && `"${oneLine(item.reason)}"`,
    ),
    ...item.conflicts.map((one) =>
      words(
        `  conflict: ${who(one.by)} holds ${one.overlaps.map((two) => oneLine(two.with)).join(' ')}`,
        `ends ${when(one.until, show)}`,
        one.reason && `"${oneLine(one.reason)}"`,
      ),
    ),
  );
}
