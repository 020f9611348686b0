import type { z } from 'zod';
import { Emoji, FileLink, limits, utf8Length } from '../../../schemas/index.ts';
import { type Draft, type Ref, ref, type SetAside } from '../draft.ts';
import { boundedSource, reactionSource } from '../sources.ts';
import { clip, split } from '../text.ts';
import { authorOf } from './plan.ts';
import { type SlackFile, type SlackMessage, tsMillis } from './shapes.ts';
import { type TextNames, toMarkdown } from './text.ts';

type Link = z.infer<typeof FileLink>;

/** Links of files in one operation, bytes, and mentions: its header has to hold more than these. */
const fileBytes = 3000;
const mostMentions = 100;

export const memberSource = (id: string): string => boundedSource(`slack:user:${id}`);

/** Where a message goes. */
export interface MessagePlace {
  /** Slack's id of the conversation. */
  readonly id: string;
  readonly channel: Ref;
  readonly names: TextNames;
  /** First messages of threads that were written. */
  readonly roots: Set<string>;
}

/** Notices that Slack writes about the conversation: nobody said them. */
const notices = new Set(
  [
    'channel_archive channel_convert_to_private channel_canvas_updated channel_join channel_leave channel_name',
    'channel_posting_permissions channel_purpose channel_topic channel_unarchive ekm_access_denied',
    'bot_add bot_remove bot_enable bot_disable group_archive group_join group_leave group_name group_purpose',
    'group_topic group_unarchive huddle_thread pinned_item reminder_add sh_room_created unpinned_item',
    'message_changed message_deleted message_replied',
  ].flatMap((line) => line.split(' ')),
);

/** Subtypes that are messages like any other. */
const said = new Set([
  'bot_message',
  'file_comment',
  'file_mention',
  'file_share',
  'me_message',
  'reply_broadcast',
  'slackbot_response',
  'thread_broadcast',
  'tombstone',
]);

/** A message and what was done to it, as drafts; with a note for each thing that is not written as it stood. */
export function* mapMessage(message: SlackMessage, place: MessagePlace): Generator<Draft | SetAside> {
  const source = sourceOf(place, message.ts);
  const aside = (what: string, reason: string): SetAside => ({ what, source, reason });
  const { subtype } = message;
  const author = authorOf(message);
  const { text, users, here } = words(message, place.names);
  const refused = refusal(message);
  if (refused !== undefined) return yield aside('message', refused);
  if (author === undefined) return yield aside('message', `names no author: ${clip(text, 200)}`);
  if (subtype && !said.has(subtype)) yield aside('message', `${subtype}: written as a plain message`);

  const { files, more, lost } = linkFiles(message);
  for (const reason of lost) yield aside('file', reason);
  if (text.trim() === '' && files.length === 0) return yield aside('message', 'holds neither text nor file');
  const known = users.filter((id) => place.names.handle(id) !== undefined);
  const mentions = [...known.map((id) => ref(memberSource(id))), ...(here ? ['here'] : [])];
  if (mentions.length > mostMentions)
    yield aside('mentions', `${mentions.length}: the first ${mostMentions} are kept, all stand in the text`);
  const root = message.thread_ts && message.thread_ts !== message.ts ? message.thread_ts : undefined;
  const thread = root !== undefined && place.roots.has(root) ? ref(sourceOf(place, root)) : undefined;
  if (root !== undefined && thread === undefined)
    yield aside('thread', `its first message ${root} was not written: written as a plain message`);

  const draft: Draft = {
    ref: source,
    log: { kind: 'channel', channel: place.channel },
    type: 'message.create',
    data: {
      ...(mentions.length > 0 ? { mentions: mentions.slice(0, mostMentions) } : {}),
      ...(files.length > 0 ? { files } : {}),
      ...(thread ? { thread, answers: thread } : {}),
    },
    imported: { at: tsMillis(message.ts), source, author: ref(memberSource(author)) },
  };
  if (thread === undefined) place.roots.add(message.ts);
  yield* inParts(draft, [text, ...more].filter((part) => part !== '').join('\n'));
  yield* mapReactions(message, draft);
}

/** A message; what does not fit into one goes on below it, in its thread. */
function* inParts(draft: Draft, text: string): Generator<Draft> {
  const thread = draft.data['thread'] ?? ref(draft.ref);
  for (const [i, part] of split(text, limits.textBytes).entries()) {
    const source = boundedSource(`${draft.ref}:part:${i + 1}`);
    if (i === 0) yield { ...draft, body: { text: part } };
    else
      yield {
        ...draft,
        ref: source,
        data: { thread, answers: thread },
        body: { text: part },
        imported: { ...draft.imported, source },
      };
  }
}

const sourceOf = (place: MessagePlace, ts: string): string => boundedSource(`slack:${place.id}:${ts}`);

/** Why something in a day's file is no message. */
function refusal({ type, subtype }: SlackMessage): string | undefined {
  if (type && type !== 'message') return `of type ${type}`;
  return subtype && notices.has(subtype) ? `${subtype}: a notice that nobody wrote` : undefined;
}

/** The text of a message: its own, or that of what a bot attached. */
function words(
  message: SlackMessage,
  names: TextNames,
): { text: string; users: readonly string[]; here: boolean } {
  const own = toMarkdown(message.text ?? '', names);
  const attached = (message.attachments ?? [])
    .filter((attachment) => !attachment.from_url && !attachment.original_url)
    .map(({ pretext, title, title_link, text, fallback }) => {
      const heading = title && title_link ? `<${title_link}|${title}>` : title;
      const parts = [pretext, heading, text].filter((part) => part);
      return toMarkdown(parts.length > 0 ? parts.join('\n') : (fallback ?? ''), names).text;
    })
    .filter((text) => text.trim() !== '')
    .map((text) => text.replace(/^/gm, '> '));
  const shown = message.subtype === 'me_message' && own.text !== '' ? `_${own.text}_` : own.text;
  return { ...own, text: [shown, ...attached].filter((text) => text !== '').join('\n\n') };
}

/** Links to files, the same as Markdown where an operation holds no more of them, and what cannot be linked. */
function linkFiles(message: SlackMessage): { files: Link[]; more: string[]; lost: string[] } {
  const files: Link[] = [];
  const more: string[] = [];
  const lost: string[] = [];
  let bytes = 0;
  for (const file of [...(message.files ?? []), ...(message.file ? [message.file] : [])]) {
    const name = nameOfFile(file);
    const link = FileLink.safeParse({
      name,
      url: [file.permalink, file.url_private].find((url) => url && URL.canParse(url)),
      ...(Number.isSafeInteger(file.size) && (file.size ?? -1) >= 0 ? { bytes: file.size } : {}),
      ...(file.mimetype && file.mimetype.length <= 128 ? { mime: file.mimetype } : {}),
    });
    if (!link.success) {
      lost.push(`${name}: ${file.mode ?? 'no usable link'}`);
      continue;
    }
    bytes += utf8Length(JSON.stringify(link.data));
    if (bytes <= fileBytes) files.push(link.data);
    else more.push(`[${name.replace(/([\\[\]])/g, '\\$1')}](<${link.data.url}>)`);
  }
  return { files, more, lost };
}

const nameOfFile = (file: SlackFile): string =>
  (file.name || file.title || file.id || 'file').slice(0, 512).toWellFormed();

/** Slack keeps no time of a reaction: it has its message's. */
function* mapReactions(message: SlackMessage, draft: Draft): Generator<Draft | SetAside> {
  const source = draft.ref;
  const seen = new Set<string>();
  for (const { name, users, count } of message.reactions ?? []) {
    // A skin tone is not part of the emoji's name here.
    const emoji = name.replace(/::skin-tone-\d$/, '');
    if (!Emoji.safeParse(emoji).success) {
      yield { what: 'reaction', source, reason: `${JSON.stringify(name)} is not the name of an emoji` };
      continue;
    }
    const unnamed = (count ?? 0) - (users ?? []).length;
    if (unnamed > 0) yield { what: 'reaction', source, reason: `${unnamed} of :${name}: name no user` };
    for (const user of users ?? []) {
      const member = memberSource(user);
      const own = reactionSource(source, emoji, member);
      if (seen.has(own)) continue;
      seen.add(own);
      yield {
        ref: own,
        log: draft.log,
        type: 'message.react',
        subject: ref(source),
        data: { emoji },
        imported: { at: tsMillis(message.ts), source: own, author: ref(member) },
      };
    }
  }
}
