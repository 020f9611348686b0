// Slack's text to GitHub Markdown. Slack escapes & < > and writes links, mentions and channels in angle brackets.

/** What names in a text stand for. */
export interface TextNames {
  /** Handle of a user id. */
  handle(user: string): string | undefined;
  /** Name of a channel id. */
  channel(id: string): string | undefined;
}

export interface MarkdownText {
  readonly text: string;
  /** User ids mentioned, each once, in order. */
  readonly users: readonly string[];
  /** True where it speaks to everyone present. */
  readonly here: boolean;
}

const fence = '```';

/** Ids of users that a text mentions. */
export function* mentioned(text: string): Generator<string> {
  for (const [, id] of text.matchAll(/<@([A-Z0-9]{1,63})(?:\|[^>]*)?>/g)) if (id !== undefined) yield id;
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** Slack's text as Markdown that shows the same. Code keeps every character. */
export function toMarkdown(text: string, names: TextNames): MarkdownText {
  const users = new Set(mentioned(text));
  const pieces = text.split(fence);
  // A fence that nothing closes is text.
  if (pieces.length % 2 === 0) {
    const last = pieces.pop() ?? '';
    pieces[pieces.length - 1] += fence + last;
  }
  let markdown = '';
  for (const [i, piece] of pieces.entries()) {
    // The line break that ended a block is the block's own.
    if (i % 2 === 0)
      markdown += outside(pieces[i - 1]?.includes('\n') ? piece.replace(/^\n/, '') : piece, names);
    else markdown = addBlock(markdown, plain(piece, names), (pieces[i + 1] ?? '') !== '');
  }
  return { text: markdown.toWellFormed(), users: [...users], here: /<!here(?:\|[^>]*)?>/.test(text) };
}

/**
 * A block on lines of its own: Slack lets code begin beside its fence, where Markdown would take the first line for
 * the name of a language and not show it. On one line it is a code span in Markdown, too.
 */
function addBlock(before: string, code: string, more: boolean): string {
  if (!code.includes('\n') || code.trim() === '') return before + fence + code + fence;
  const begin = before === '' || before.endsWith('\n') ? '' : '\n';
  const inside = `${code.startsWith('\n') ? '' : '\n'}${code}${code.endsWith('\n') ? '' : '\n'}`;
  return `${before}${begin}${fence}${inside}${fence}${more ? '\n' : ''}`;
}

/** Text outside of blocks: code spans are kept, the rest is rewritten. */
function outside(text: string, names: TextNames): string {
  let markdown = '';
  let end = 0;
  for (const span of text.matchAll(/`[^`\n]+`/g)) {
    markdown += prose(text.slice(end, span.index), names) + plain(span[0], names);
    end = span.index + span[0].length;
  }
  return markdown + prose(text.slice(end), names);
}

const angle = /<([^<>\n]+)>/g;

/** Inside code: names and links as plain text, nothing escaped. */
const plain = (text: string, names: TextNames): string =>
  unescaped(
    text.replace(angle, (whole, inside: string) => named(inside, names) ?? link(inside)?.url ?? whole),
  );

function prose(text: string, names: TextNames): string {
  let markdown = '';
  let end = 0;
  for (const found of text.matchAll(angle)) {
    markdown += emphasis(text.slice(end, found.index));
    markdown += bracketed(found[1] ?? '', names) ?? emphasis(found[0]);
    end = found.index + found[0].length;
  }
  return markdown + emphasis(text.slice(end));
}

/** `*bold*` is italic in Markdown; a `<` before a letter would begin HTML and not be shown. */
function emphasis(text: string): string {
  const bold = text.replace(
    /(^|[\s(["'.,:;!?_~-])\*(?=\S)([^*\n]*[^*\s])\*(?=$|[\s)\]"'.,:;!?_~-])/g,
    '$1**$2**',
  );
  return unescaped(bold.replace(/&lt;(?=[A-Za-z/!?])/g, '\\&lt;'));
}

function bracketed(inside: string, names: TextNames): string | undefined {
  const name = named(inside, names);
  if (name !== undefined) return name;
  const target = link(inside);
  if (!target) return undefined;
  const { url, label } = target;
  if (label === undefined || label === url) return `<${url}>`;
  const shown = unescaped(label).replace(/([\\[\]])/g, '\\$1');
  return `[${shown}](${/[()\s]/.test(url) ? `<${url}>` : url})`;
}

/** `@U1`, `#C1|name`, `!here` and so on, as people read them. */
function named(inside: string, names: TextNames): string | undefined {
  const [target = '', label] = cut(inside);
  const id = target.slice(1);
  if (target.startsWith('@')) {
    return `@${names.handle(id) ?? unescaped(label ?? id)}`;
  }
  if (target.startsWith('#')) return `#${names.channel(id) ?? unescaped(label ?? id)}`;
  if (!target.startsWith('!')) return undefined;
  if (/^!(?:here|channel|everyone)$/.test(target)) return `@${id}`;
  return unescaped(label ?? id);
}

function link(inside: string): { url: string; label: string | undefined } | undefined {
  const [target = '', label] = cut(inside);
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:|tel:)\S/i.test(target)
    ? { url: unescaped(target), label }
    : undefined;
}

/** At the first bar. */
function cut(inside: string): [string, string | undefined] {
  const bar = inside.indexOf('|');
  return bar < 0 ? [inside, undefined] : [inside.slice(0, bar), inside.slice(bar + 1)];
}
