import type { List, Memory, SimilarMemory } from '../../../schemas/index.ts';
import { body, more, who } from './conversation.ts';
import { facts, indent, oneLine, shorten, table, tint, type View } from './terminal.ts';
import { ago } from './time.ts';

export function memories({ items, next }: List<Memory>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'no memories');
  const shape = [
    { title: 'memory', of: (item: Memory) => item.key ?? item.id, tint: 'cyan' as const },
    { title: 'kind', of: (item: Memory) => item.kind ?? '' },
    { title: 'tags', of: (item: Memory) => item.tags.join(', ') },
    { title: 'text', of: (item: Memory) => item.title ?? item.text ?? '(removed)', gives: true },
    { title: 'by', of: (item: Memory) => who(item.by) },
    { title: 'when', of: (item: Memory) => ago(item.at, view.now), tint: 'dim' as const },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}

/** A memory that says nearly the same as one that was just written. */
export const similarLine = ({ id, key, title, text, by, at }: SimilarMemory, view: View): string =>
  shorten(
    `nearly the same is known: ${oneLine(key ?? id)}, ${who(by)} ${ago(at, view.now)}: ${oneLine([title, text].filter((part) => part !== undefined).join(': '))}`,
    200,
  );

/** Everything about a memory. */
export function memory(item: Memory, view: View): string {
  const head = tint(view, 'cyan', item.key === undefined ? item.id : oneLine(item.key));
  const forgotten = item.forgotten ? tint(view, 'yellow', ' forgotten') : '';
  const title = item.title === null ? '' : ` ${oneLine(item.title)}`;
  const known = facts(
    [
      ['id', item.id],
      ['written', `${ago(item.at, view.now)} by ${who(item.by)}`],
      ['kind', item.kind],
      ['tags', item.tags.map(oneLine).join(', ')],
      ['sources', item.sources.map(oneLine).join(', ')],
      ['expires', item.expires ? ago(item.expires, view.now) : undefined],
      ['supersedes', item.supersedes.join(', ')],
      ['superseded by', item.supersededBy.join(', ')],
      ['made apart', (item.twins ?? []).join(', ')],
    ],
    view,
  );
  const parts = [`${head}${forgotten}${title}`, known, indent(body(item, view))];
  for (const version of item.siblings ?? []) {
    const about = `written apart ${ago(version.at, view.now)} by ${who(version.by)} · ${version.version}`;
    parts.push(`${tint(view, 'yellow', about)}\n${indent(body(version, view))}`);
  }
  return parts.join('\n\n');
}
