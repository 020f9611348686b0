import type { CatchUp, CatchUpItem, Event, InboxItem } from '../../../schemas/index.ts';
import { brief, counted, id, lines, oneLine, type Showing, when, who, words } from './words.ts';

type Names = (channel: string | undefined) => string | undefined;
type Shown = Extract<CatchUpItem, { kind: 'operation' }>;

const widest = 400;
const cut = (text: string): string =>
  text.length > widest ? `${[...text].slice(0, widest - 1).join('')}…` : text;

/** A message is told by its text alone; of anything else it is said what was done. */
const told = (event: Event): string => (event.type === 'message.create' ? '' : event.type);

/** Fields that say nothing to who reads. */
const silent = new Set([
  'incarnation',
  'epoch',
  'request',
  'claim',
  'until',
  'ttl',
  'short',
  'task',
  'mentions',
  'called',
]);

function value(given: unknown, show: Showing): string {
  if (typeof given === 'string') return /^[a-z2-7]{26}$/.test(given) ? id(given, show) : oneLine(given);
  if (Array.isArray(given)) return given.map((one) => value(one, show)).join(',');
  return typeof given === 'object' && given !== null
    ? Object.values(given)
        .map((one) => value(one, show))
        .join(':')
    : String(given);
}

/** What was done, as its data says it. */
const done = ({ data, removed }: Event, show: Showing): string =>
  removed
    ? '(removed)'
    : Object.entries(data)
        .filter(([name]) => !silent.has(name))
        .map(([name, field]) => `${name}=${value(field, show)}`)
        .join(' ');

function operation({ event, because, text }: Shown, names: Names, show: Showing): string {
  const place = names(event.channel);
  const { thread, task } = event.data;
  const head = words(
    ['task', 'memory', 'message', 'other'].includes(because) ? '' : `${because}:`,
    id(event.subject, show),
    who(event.by),
    place && `in ${place}`,
    typeof thread === 'string' && `thread ${id(thread, show)}`,
    typeof task === 'string' && `on ${id(task, show)}`,
    when(event.at, show),
    told(event),
  );
  const says = text === undefined ? done(event, show) : oneLine(text);
  return says === '' ? head : `${head}: ${cut(says)}`;
}

const item = (one: InboxItem, show: Showing): string =>
  `${words(`${one.kind}:`, id(one.subject, show), who(one.by), one.place && `in ${one.place}`, when(one.at, show))}: ${cut(oneLine(one.text))} (item ${one.short})`;

const range = (one: Extract<CatchUpItem, { kind: 'range' }>, show: Showing): string =>
  lines(
    `${one.name}: ${counted(one.count, 'operation')} not shown, ${when(one.from, show)} to ${when(one.to, show)}`,
    ...one.headlines.map((line) => `  ${cut(oneLine(line))}`),
  );

const pressing = (one: CatchUpItem): boolean =>
  one.kind === 'item' ||
  (one.kind === 'operation' && !['task', 'memory', 'message', 'other'].includes(one.because));

/** What needs the member first, then the rest, then what the answer is worth. */
export function catchUp(answer: CatchUp, names: Names, show: Showing): string {
  const line = (one: CatchUpItem): string =>
    one.kind === 'operation'
      ? operation(one, names, show)
      : one.kind === 'item'
        ? item(one.item, show)
        : range(one, show);
  const first = answer.items.filter(pressing);
  const rest = answer.items.filter((one) => !pressing(one));
  if (answer.items.length === 0 && answer.proof.remaining === 0) return 'nothing new';
  return lines(
    first.length > 0 && 'needs you:',
    ...first.map(line),
    rest.length > 0 && first.length > 0 && 'also:',
    ...rest.map(line),
    answer.proof.complete ? 'complete' : `${answer.proof.remaining} more after these`,
    answer.items.length > 0 && `receipt: ${answer.receipt}`,
  );
}

/** The same for programs. */
export function catchUpData(answer: CatchUp, names: Names, show: Showing): Record<string, unknown> {
  const one = (shown: CatchUpItem): Record<string, unknown> => {
    if (shown.kind === 'range')
      return brief({ name: shown.name, count: shown.count, headlines: shown.headlines });
    if (shown.kind === 'item') {
      const { kind, subject, by, at, place, text, short } = shown.item;
      return brief({ because: kind, id: subject, by: by?.handle, at, place, text, item: short });
    }
    const { event, because, text } = shown;
    return brief({
      because,
      type: event.type,
      id: event.subject,
      by: event.by?.handle,
      at: event.at,
      place: names(event.channel),
      thread: event.data['thread'],
      text: text ?? done(event, show),
    });
  };
  return {
    items: answer.items.map(one),
    receipt: answer.receipt,
    complete: answer.proof.complete,
    remaining: answer.proof.remaining,
  };
}
