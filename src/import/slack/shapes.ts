import { z } from 'zod';
import { type Folder, invalid, said } from '../folder.ts';

// What the importer needs of a Slack export. Everything else in it is let through unread.

const words = z.string().nullish();

export const User = z.looseObject({
  id: z.string().min(1).max(64),
  name: words,
  real_name: words,
  is_bot: z.boolean().nullish(),
  updated: z.number().nullish(),
  profile: z.looseObject({ display_name: words, real_name: words }).nullish(),
});
export type User = z.infer<typeof User>;

/** Seconds and microseconds: the name of a message in its conversation. */
export const Ts = z.string().regex(/^\d{1,11}(?:\.\d{1,6})?$/, 'not a time like 1700000000.000100');

export const Conversation = z.looseObject({
  id: z.string().min(1).max(64),
  name: words,
  created: z.number().nullish(),
  creator: words,
  is_archived: z.boolean().nullish(),
  members: z.array(z.string().max(64)).nullish(),
  topic: z.looseObject({ value: words }).nullish(),
  purpose: z.looseObject({ value: words }).nullish(),
  pins: z.array(z.looseObject({ id: z.string(), created: z.number().nullish(), user: words })).nullish(),
});
export type Conversation = z.infer<typeof Conversation>;

const File = z.looseObject({
  id: words,
  name: words,
  title: words,
  mode: words,
  mimetype: words,
  size: z.number().nullish(),
  url_private: words,
  permalink: words,
});
export type SlackFile = z.infer<typeof File>;

const Attachment = z.looseObject({
  pretext: words,
  title: words,
  title_link: words,
  text: words,
  fallback: words,
  /** Present in previews of links, which Slack made itself. */
  from_url: words,
  original_url: words,
});

export const SlackMessage = z.looseObject({
  type: words,
  subtype: words,
  user: words,
  bot_id: words,
  username: words,
  text: words,
  ts: Ts,
  thread_ts: Ts.nullish(),
  reactions: z
    .array(
      z.looseObject({
        name: z.string(),
        users: z.array(z.string().max(64)).nullish(),
        count: z.number().nullish(),
      }),
    )
    .nullish(),
  file: File.nullish(),
  files: z.array(File).nullish(),
  comment: z.looseObject({ user: words }).nullish(),
  attachments: z.array(Attachment).nullish(),
});
export type SlackMessage = z.infer<typeof SlackMessage>;

/** Time of a message in ms. */
export const tsMillis = (ts: string): number => Math.floor(Number(ts) * 1000);

/** Sorts as the times do. */
export function tsKey(ts: string): string {
  const [seconds = '', micros = ''] = ts.split('.');
  return `${seconds.padStart(11, '0')}.${micros.padEnd(6, '0')}`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A list in a JSON file of the export.
 * @throws {CoterieError} `import_invalid` naming the file, and the item in it that is not of the shape
 */
export async function readList<T>(folder: Folder, path: string, shape: z.ZodType<T>): Promise<T[]> {
  const bytes = await folder.read(path);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw invalid(`${folder.name}: ${path} is not JSON: ${said(error)}`, error);
  }
  if (!Array.isArray(value)) throw invalid(`${folder.name}: ${path} is not a list`);
  return value.map((item: unknown, i) => {
    const parsed = shape.safeParse(item);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw invalid(
      `${folder.name}: ${path} item ${i + 1}: ${field === '' ? '' : `${field}: `}${issue?.message}`,
    );
  });
}
