import type { z } from 'zod';
import { Emoji, FileLink, limits } from '../../../schemas/index.ts';
import { type Draft, type DraftLog, defaultRef, ref, type SetAside } from '../draft.ts';
import { defaultChannels } from '../names.ts';
import { reactionSource } from '../sources.ts';
import { split } from '../text.ts';
import { channelSource, memberRef, memberSource, messageSource, named } from './names.ts';
import type { ReflecttMessage } from './shapes.ts';

/** What a message without a channel is in. */
const usual = 'general';
/** Links of one message: its header has to hold more than these. */
const mostFiles = 10;

export const channelOf = (message: ReflecttMessage): string => named(message.channel) ?? usual;

/** Said to one member: a direct conversation, unless that is its author. */
export function addressee(message: ReflecttMessage): string | undefined {
  const to = named(message.to);
  return to === undefined || to === message.from.trim() ? undefined : to;
}

/** Names what is said in one place: a thread stays within. */
export const placeOf = (message: ReflecttMessage): string => {
  const to = addressee(message);
  return to === undefined
    ? `#${channelOf(message)}`
    : [message.from.trim(), to].sort().map(memberSource).join(' ');
};

function logOf(message: ReflecttMessage): DraftLog {
  const to = addressee(message);
  if (to !== undefined) return { kind: 'direct', members: [memberRef(message.from), memberRef(to)] };
  const channel = channelOf(message);
  return {
    kind: 'channel',
    channel: defaultChannels.includes(channel) ? defaultRef(channel) : ref(channelSource(channel)),
  };
}

/** Channels that are not there from the beginning, each with the time of its first message. */
export function* channelDrafts(
  messages: Iterable<ReflecttMessage>,
  nameOf: (channel: string) => string,
): Generator<Draft> {
  const first = new Map<string, number>();
  for (const message of messages) {
    const channel = channelOf(message);
    if (addressee(message) !== undefined || defaultChannels.includes(channel)) continue;
    first.set(channel, Math.min(first.get(channel) ?? message.timestamp, message.timestamp));
  }
  for (const [channel, at] of [...first].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield {
      ref: channelSource(channel),
      log: { kind: 'channels' },
      type: 'channel.create',
      data: { name: nameOf(channel) },
      imported: { at, source: channelSource(channel) },
    };
}

/** A message with its reactions; what does not fit one is a reply below it. */
export function* messageDrafts(
  message: ReflecttMessage,
  root: ReflecttMessage | undefined,
  isMember: (name: string) => boolean,
): Generator<Draft | SetAside> {
  const log = logOf(message);
  const source = messageSource(message.id);
  const aside = (what: string, reason: string): SetAside => ({ what, source, reason });
  const author = memberRef(message.from);
  const to = addressee(message);
  const [text, ...more] = split(
    message.content.trim() === '' ? '(no text)' : message.content,
    limits.textBytes,
  );
  if (message.content.trim() === '') yield aside('message', 'blank: written as (no text)');
  const thread = root && ref(messageSource(root.id));
  const { files, lost } = filesOf(message);
  for (const name of lost) yield aside('file', `${name}: kept on the server alone`);
  const made = (own: string, body: string, data: Record<string, unknown>): Draft => ({
    ref: own,
    log,
    type: 'message.create',
    data: { ...(to === undefined ? {} : { to: [memberRef(to)] }), ...data },
    body: { text: body },
    imported: { at: message.timestamp, source: own, author },
  });
  const mentions = mentioned(text).filter(isMember).map(memberRef);
  yield made(source, text, {
    ...(mentions.length > 0 ? { mentions } : {}),
    ...(thread ? { thread } : {}),
    ...(files.length > 0 ? { files } : {}),
  });
  for (const [i, part] of more.entries())
    yield made(`${source}:part:${i + 2}`, part, { thread: thread ?? ref(source) });
  yield* reactions(message, log);
}

const mention = /(?<![\w@/.])@([a-z0-9]+(?:[._-][a-z0-9]+)*)/gi;
/** Mentions of one message: its header has to hold more than these. */
const mostMentions = 20;

const mentioned = (text: string): string[] =>
  [...new Set([...text.matchAll(mention)].map(([, name = '']) => name))].slice(0, mostMentions);

type Linked = z.infer<typeof FileLink>;

function filesOf({ attachments }: ReflecttMessage): { files: Linked[]; lost: string[] } {
  const files: Linked[] = [];
  const lost: string[] = [];
  for (const { name, url, size, mimeType } of attachments ?? []) {
    const link = FileLink.safeParse({
      name,
      url,
      ...(size == null ? {} : { bytes: size }),
      ...(mimeType == null ? {} : { mime: mimeType }),
    });
    if (link.success && files.length < mostFiles) files.push(link.data);
    else lost.push(name);
  }
  return { files, lost };
}

function* reactions(message: ReflecttMessage, log: DraftLog): Generator<Draft | SetAside> {
  const to = messageSource(message.id);
  for (const [emoji, names] of Object.entries(message.reactions ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!Emoji.safeParse(emoji).success) {
      yield { what: 'reaction', source: to, reason: `${JSON.stringify(emoji)} is no emoji here` };
      continue;
    }
    for (const name of new Set(names.map((one) => one.trim()).filter((one) => one !== ''))) {
      const source = reactionSource(to, emoji, name);
      yield {
        ref: source,
        log,
        type: 'message.react',
        subject: ref(to),
        data: { emoji },
        imported: { at: message.timestamp, source, author: memberRef(name) },
      };
    }
  }
}
