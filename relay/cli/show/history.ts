import type { History, HistoryField, HistoryItem, HistoryState } from '../../../schemas/index.ts';
import { more, who } from './conversation.ts';
import { cut, gist } from './reading.ts';
import { counted, indent, oneLine, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

/** A signature that holds goes without saying. */
const signatures = { holds: '', unchecked: ' signature not checked yet', fails: ' signature fails' } as const;

function itemLine(item: HistoryItem, view: View): string {
  const state =
    item.state === 'counted' ? '' : ` ${item.state}${item.reason ? `: ${oneLine(item.reason)}` : ''}`;
  const head = [
    tint(view, 'dim', ago(item.at, view.now)),
    tint(view, 'blue', item.type),
    tint(view, 'cyan', who(item.by)),
    tint(view, 'dim', item.operation),
  ].join(' ');
  const seen = item.seen.length === 0 ? '' : `, seen by ${counted(item.seen.length, 'other replica')}`;
  const wrong = tint(view, 'red', `${state}${signatures[item.signature]}`);
  const where = tint(view, 'dim', `on ${item.replica}${seen}`);
  const text = gist(item);
  return [`${head}${wrong}`, indent(where), ...(text === '' ? [] : [indent(cut(text, view, 2))])].join('\n');
}

function fieldLine(field: HistoryField, view: View): string {
  const { value } = field;
  const text = value === null ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value);
  const name = `${field.field}${field.sibling ? ' (written apart)' : ''}`;
  const isBuiltIn = Date.parse(field.at) === 0;
  const by = isBuiltIn ? 'built in' : `${who(field.by)} ${ago(field.at, view.now)} ${field.operation}`;
  return `${tint(view, 'bold', name)} ${cut(oneLine(text), view, name.length + by.length + 2)} ${tint(view, 'dim', by)}`;
}

function stateText(state: HistoryState, view: View): string {
  const removed = state.removed ? ` ${tint(view, 'red', `text removed by ${who(state.removed.by)}`)}` : '';
  const lines = state.fields.map((field) => fieldLine(field, view));
  return `${state.kind}${removed}\n${indent(lines.join('\n'))}`;
}

/** What was done to a thing, and below it what that makes of each field. */
export function history({ items, next, state, until }: History, view: View): string {
  const asked = until?.made ? `as made until ${until.made}` : `as arrived until ${until?.arrived ?? ''}`;
  const parts = [
    ...(until ? [tint(view, 'dim', asked)] : []),
    ...items.map((item) => itemLine(item, view)),
    more(next, view),
  ].filter((line) => line !== '');
  if (state === null) parts.push(tint(view, 'dim', until ? 'it was not there' : 'it does not count'));
  const text = parts.join('\n');
  return state ? `${text}\n\n${stateText(state, view)}` : text;
}
