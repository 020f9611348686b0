import type {
  ActivityItem,
  CatchUp,
  CatchUpItem,
  Event,
  List,
  Proof,
  SearchAnswer,
} from '../../../schemas/index.ts';
import { more, who } from './conversation.ts';
import { counted, indent, oneLine, shorten, tint, type View } from './terminal.ts';
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

export function search({ results, next, behind }: SearchAnswer, view: View): string {
  const lines = results.map((result) => {
    const place = result.place ?? '';
    const about = [result.kind, place, `${ago(result.at, view.now)}`, result.id].filter(
      (part) => part !== '',
    );
    const head = `${tint(view, 'cyan', who(result.by))} ${tint(view, 'dim', about.join(' · '))}`;
    const title = result.title === undefined ? '' : `${tint(view, 'bold', oneLine(result.title))}\n`;
    const found = oneLine(result.snippet);
    return `${head}\n${indent(found === result.title ? title.trimEnd() : `${title}${found}`)}`;
  });
  if (lines.length === 0) lines.push(tint(view, 'dim', 'nothing found'));
  if (behind > 0)
    lines.push(tint(view, 'yellow', `${counted(behind, 'operation')} not indexed yet: ask again`));
  return [...lines, more(next, view)].filter((line) => line !== '').join('\n\n');
}

type Because = Extract<CatchUpItem, { kind: 'operation' }>['because'];

const sections: readonly (readonly [title: string, becauses: readonly Because[]])[] = [
  ['needs you', ['mention', 'reply', 'assigned', 'review', 'rejected']],
  ['tasks', ['task']],
  ['messages', ['message']],
  ['memory', ['memory']],
  ['also', ['other']],
];

/** A catch-up in sections, then what it is worth, then how to acknowledge it. */
export function catchUp(answer: CatchUp, view: View): string {
  const parts: string[] = [];
  for (const [title, becauses] of sections) {
    const lines = answer.items
      .filter((item) => item.kind === 'operation')
      .filter((item) => becauses.includes(item.because))
      .map((item) => {
        const because = title === 'needs you' ? `${tint(view, 'yellow', item.because)} ` : '';
        return `${because}${eventLine(item.event, view, item.text)}`;
      });
    if (lines.length > 0) parts.push(`${tint(view, 'bold', title)}\n${indent(lines.join('\n'))}`);
  }
  const ranges = answer.items.filter((item) => item.kind === 'range').map((item) => range(item, view));
  if (ranges.length > 0)
    parts.push(`${tint(view, 'bold', 'counted, not read')}\n${indent(ranges.join('\n'))}`);
  if (answer.items.length === 0) parts.push('nothing new');
  parts.push(proof(answer.proof, view));
  if (answer.items.length > 0)
    parts.push(tint(view, 'dim', `acknowledge with: coterie ack ${answer.receipt}`));
  return parts.join('\n\n');
}

function range(item: Extract<CatchUpItem, { kind: 'range' }>, view: View): string {
  const head = `${tint(view, 'cyan', oneLine(item.name))} ${counted(item.count, 'operation')}, ${ago(item.from, view.now)} to ${ago(item.to, view.now)}`;
  return [head, ...item.headlines.map((line) => indent(cut(oneLine(line), view, 4)))].join('\n');
}

function proof(what: Proof, view: View): string {
  const complete = what.complete
    ? tint(view, 'green', 'complete')
    : tint(
        view,
        'yellow',
        `${counted(what.remaining, 'operation')} beyond this answer: ask again after acknowledging`,
      );
  const others = what.replicas.filter((replica) => !replica.self);
  const heard =
    others.length === 0
      ? 'no other replica is known'
      : others
          .map((replica) => `${replica.id} ${replica.heard ? ago(replica.heard, view.now) : 'never heard'}`)
          .join(', ');
  const waiting =
    what.waiting > 0 ? `; ${counted(what.waiting, 'operation')} wait for something not here yet` : '';
  return `${complete} ${tint(view, 'dim', `up to ${what.through}; ${heard}${waiting}`)}`;
}
