import type {
  ActivityItem,
  CatchUp,
  CatchUpItem,
  Event,
  Inbox,
  InboxItem,
  List,
  Proof,
  SearchAnswer,
  SearchPart,
} from '../../../schemas/index.ts';
import { aboutFound, aboutSearch, whyOf } from '../../searched.ts';
import { more, who } from './conversation.ts';
import { clean, counted, indent, oneLine, shorten, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

export const cut = (text: string, view: View, used = 0): string =>
  view.width === undefined ? text : shorten(text, Math.max(20, view.width - used));

/** The text of an operation on one line, or its data where it has none. */
export function gist(item: Pick<Event, 'data' | 'body' | 'removed'>): string {
  if (item.removed) return '(removed)';
  const { salt: _, ...texts } = item.body ?? {};
  const text = Object.values(texts).join(' ');
  if (text !== '') return oneLine(text);
  const data = Object.entries(item.data).map(([name, value]) => `${name}=${plain(value)}`);
  return oneLine(data.join(' '));
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** One event on one line. */
export function eventLine(event: Event, view: View, text?: string): string {
  const time = view.width === undefined ? event.at : ago(event.at, view.now);
  const head = `${time} ${event.type} ${who(event.by)} ${event.subject}`;
  const painted = [
    tint(view, 'dim', time),
    tint(view, event.type === 'revised' ? 'yellow' : 'blue', event.type),
    tint(view, 'cyan', who(event.by)),
    tint(view, 'dim', event.subject),
  ].join(' ');
  return `${painted} ${cut(text === undefined ? gist(event) : oneLine(text), view, head.length + 1)}`.trimEnd();
}

/** A run names what the newest of it was about. */
function activityLine({ run, ...event }: ActivityItem, view: View): string {
  if (run === undefined) return eventLine(event, view);
  const things = run.subjects === run.count ? '' : ` on ${counted(run.subjects, 'thing')}`;
  return eventLine(
    event,
    view,
    `${run.count} times${things}, since ${ago(run.since, view.now)}: ${gist(event)}`,
  );
}

export function activity({ items, next }: List<ActivityItem>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'nothing happened');
  return [...items.map((item) => activityLine(item, view)), more(next, view)]
    .filter((line) => line !== '')
    .join('\n');
}

/** A snippet with what was looked for in bold, where colours are shown. */
function marked({ snippet, marks }: SearchAnswer['results'][number], view: View): string {
  // A whole text keeps its lines.
  if (snippet.includes('\n')) return clean(snippet).trim();
  // The spaces at the ends of a part are between it and the next.
  const part = (from: number, to?: number): string => clean(snippet.slice(from, to)).replace(/\s+/g, ' ');
  let text = '';
  let at = 0;
  for (const [from, to] of marks) {
    text += `${part(at, from)}${tint(view, 'bold', part(from, to))}`;
    at = to;
  }
  return (text + part(at)).trim();
}

const foundLines = (results: SearchAnswer['results'], view: View): string[] =>
  results.map((result) => {
    const place = result.place ?? '';
    const about = [result.kind, place, `${ago(result.at, view.now)}`, result.id].filter(
      (part) => part !== '',
    );
    const head = `${tint(view, 'cyan', who(result.by))} ${tint(view, 'dim', about.join(' · '))}`;
    const title = result.title === undefined ? '' : `${tint(view, 'bold', oneLine(result.title))}\n`;
    const isTitle = oneLine(result.snippet) === result.title;
    const text = isTitle ? title.trimEnd() : `${title}${marked(result, view)}`;
    const known = aboutFound(result, (id) => id)
      .map(oneLine)
      .join(' · ');
    const dim = [known, whyOf(result)].filter((line) => line !== undefined && line !== '');
    return `${head}\n${indent([text, ...dim.map((line) => tint(view, 'dim', line ?? ''))].join('\n'))}`;
  });

const notIndexed = (behind: number, view: View): string[] =>
  behind > 0 ? [tint(view, 'yellow', `${counted(behind, 'operation')} not indexed yet: ask again`)] : [];

/** A part of a search that streams, with an empty line before what follows. */
export function searchPart(
  { results, missing, notes = [], behind, more: isMore }: SearchPart,
  isFound: boolean,
  view: View,
): string {
  const nowhere = missing ? [`nothing has ${missing.map((word) => `"${word}"`).join(', ')}`] : [];
  const about = [...nowhere, ...notes].map((line) => tint(view, 'dim', oneLine(line)));
  const end = isMore
    ? []
    : [...(isFound ? [] : [tint(view, 'dim', 'nothing found')]), ...notIndexed(behind, view)];
  const text = [...about, ...foundLines(results, view), ...end].join('\n\n');
  return isMore && text !== '' ? `${text}\n\n` : text;
}

export function search(answer: SearchAnswer, view: View): string {
  const { results, next, behind } = answer;
  const lines = foundLines(results, view);
  if (lines.length === 0) lines.push(tint(view, 'dim', 'nothing found'));
  const about = aboutSearch(answer);
  if (about.length > 0) lines.push(tint(view, 'dim', about.map(oneLine).join('\n')));
  return [...lines, ...notIndexed(behind, view), more(next, view)].filter((line) => line !== '').join('\n\n');
}

type Because = Extract<CatchUpItem, { kind: 'operation' }>['because'];

const needsYou = 'needs you';

/** Sections by their titles; what has a kind of the inbox needs the member. */
const sections: readonly (readonly [title: string, holds: (because: Because) => boolean])[] = [
  [needsYou, (because) => !others.has(because)],
  ['tasks', (because) => because === 'task'],
  ['messages', (because) => because === 'message'],
  ['memory', (because) => because === 'memory'],
  ['also', (because) => because === 'other'],
];

const others: ReadonlySet<Because> = new Set(['task', 'message', 'memory', 'other']);

/** A catch-up in sections, then what it is worth, then how to acknowledge it. */
export function catchUp(answer: CatchUp, view: View): string {
  const parts: string[] = [];
  for (const [title, holds] of sections) {
    const lines = answer.items
      .filter((item) => item.kind === 'operation')
      .filter((item) => holds(item.because))
      .map((item) => {
        const because = title === needsYou ? `${tint(view, 'yellow', item.because)} ` : '';
        return `${because}${eventLine(item.event, view, item.text)}`;
      });
    if (title === needsYou)
      lines.push(
        ...answer.items.flatMap((item) => (item.kind === 'item' ? [itemLine(item.item, view)] : [])),
      );
    if (lines.length > 0) parts.push(`${tint(view, 'bold', title)}\n${indent(lines.join('\n'))}`);
  }
  const ranges = answer.items.filter((item) => item.kind === 'range').map((item) => range(item, view));
  if (ranges.length > 0)
    parts.push(`${tint(view, 'bold', 'counted, not read')}\n${indent(ranges.join('\n'))}`);
  if (answer.items.length === 0 && answer.pending === 0) parts.push('nothing new');
  parts.push(proof(answer.proof, view));
  if (answer.items.length > 0)
    parts.push(tint(view, 'dim', `acknowledge with: coterie ack ${answer.receipt}`));
  return parts.join('\n\n');
}

/** One inbox item on one line, with the short id that acknowledges it. */
export function itemLine(item: InboxItem, view: View): string {
  const time = view.width === undefined ? item.at : ago(item.at, view.now);
  const place = item.place === undefined ? '' : ` ${oneLine(item.place)}`;
  const head = `${item.short} ${item.kind} ${time} ${who(item.by)}${place}`;
  const painted = [
    tint(view, 'bold', item.short),
    tint(view, 'yellow', item.kind),
    tint(view, 'dim', time),
    `${tint(view, 'cyan', who(item.by))}${tint(view, 'dim', place)}`,
  ].join(' ');
  return `${painted} ${cut(oneLine(item.text), view, head.length + 1)}`.trimEnd();
}

/** A line an item, then what the answer is worth, then how to acknowledge it. */
export function inbox(answer: Inbox, view: View): string {
  const lines = answer.items.map((item) => itemLine(item, view));
  if (lines.length === 0) lines.push(answer.open === 0 ? 'nothing needs you' : 'nothing more');
  const more =
    answer.next === undefined ? [] : [`${answer.open.toLocaleString('en')} open; --cursor ${answer.next}`];
  const acknowledge =
    answer.items.length === 0 ? [] : [`acknowledge with: coterie ack ${answer.receipt}, or one by its id`];
  return [
    ...lines,
    proof(answer.proof, view),
    ...[...more, ...acknowledge].map((line) => tint(view, 'dim', line)),
  ].join('\n');
}

function range(item: Extract<CatchUpItem, { kind: 'range' }>, view: View): string {
  const head = `${tint(view, 'cyan', oneLine(item.name))} ${counted(item.count, 'operation')}, ${ago(item.from, view.now)} to ${ago(item.to, view.now)}`;
  return [head, ...item.headlines.map((line) => indent(cut(oneLine(line), view, 4)))].join('\n');
}

/** How far another replica is from this one, as far as is known. */
function heardFrom(replica: Proof['replicas'][number], view: View): string {
  const last = replica.heard ? `heard ${ago(replica.heard, view.now)}` : 'never heard';
  const behind = replica.lag ? `, ${counted(replica.lag, 'update')} behind` : '';
  const equal =
    replica.digestsEqual === null
      ? 'not compared'
      : `${replica.digestsEqual ? 'equal' : 'different'}${replica.compared ? ` ${ago(replica.compared, view.now)}` : ''}`;
  return `${replica.id.slice(0, 8)} ${replica.linked ? 'linked' : 'not linked'}, ${last}, ${equal}${behind}`;
}

function proof(what: Proof, view: View): string {
  const complete = what.complete
    ? tint(view, 'green', 'complete')
    : tint(
        view,
        'yellow',
        `${what.remaining.toLocaleString('en')} more beyond this answer: ask again after acknowledging`,
      );
  const others = what.replicas.filter((replica) => !replica.self);
  const more = what.unlisted > 0 ? [`${counted(what.unlisted, 'other replica')} not listed here`] : [];
  const told = [...others.map((replica) => heardFrom(replica, view)), ...more];
  const heard = told.length === 0 ? 'no other replica is known' : told.join('; ');
  const waiting =
    what.waiting > 0 ? `; ${counted(what.waiting, 'operation')} wait for something not here yet` : '';
  return `${complete} ${tint(view, 'dim', `up to ${what.through}; ${heard}${waiting}`)}`;
}
