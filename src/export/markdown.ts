import type { Names } from './names.ts';
import type { ExportChannel, ExportMessage } from './reader.ts';

const indent = (text: string, by: string): string => text.replace(/^(?=.)/gm, by);

/** The head of a channel's page. */
export function channelHead(channel: ExportChannel, names: Names): string {
  const lines = [`# ${channel.addressed ? 'Direct conversation' : channel.name}`];
  if (channel.topic !== '') lines.push('', channel.topic);
  if (channel.direct)
    lines.push('', `Between ${channel.direct.map(({ id }) => `@${names.handle(id)}`).join(', ')}.`);
  if (channel.archived) lines.push('', 'Archived.');
  return `${lines.join('\n')}\n`;
}

/** A message as an item of a list; a reply is an item of the list below its thread's first message. */
export function messageItem(message: ExportMessage, names: Names, reply: boolean): string {
  const time = message.at.slice(0, 19).replace('T', ' ');
  const marks = [message.pinned ? 'pinned' : '', message.resolved ? 'resolved' : ''].filter(
    (mark) => mark !== '',
  );
  const head = `- **${names.handle(message.author.id)}** ${time}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
  const files = (message.files ?? []).map(
    ({ name, url }) => `[${name.replace(/([\\[\]])/g, '\\$1')}](<${url}>)`,
  );
  const reactions = [...(message.reactions ?? [])]
    .sort((a, b) => (a.emoji < b.emoji ? -1 : 1))
    .map(
      ({ emoji, members }) =>
        `${shown(emoji)} ${members
          .map(({ id }) => names.handle(id))
          .sort()
          .join(', ')}`,
    );
  const text = message.text ?? '*removed*';
  const parts = [text, files.join('\n'), reactions.join(' · ')].filter((part) => part !== '');
  const item = `${head}\n\n${indent(parts.join('\n\n'), '  ')}`;
  return `\n${reply ? indent(item, '  ') : item}\n`;
}

/** A short name stands between colons, an emoji by itself. */
const shown = (emoji: string): string => (/^[\w+-]+$/.test(emoji) ? `:${emoji}:` : emoji);
