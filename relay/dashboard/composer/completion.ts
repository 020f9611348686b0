import type { Door } from '../door/door.ts';

/** Something that can be put in place of what is being typed. */
export interface Offer {
  readonly insert: string;
  readonly label: string;
  readonly about: string;
}

/** What is being typed before the caret, and where it begins. */
export interface Typing {
  readonly kind: 'member' | 'channel' | 'emoji';
  readonly word: string;
  readonly from: number;
}

const begun = /(?:^|[\s(])([@#:])([a-z0-9._+-]{0,32})$/i;
const kinds = { '@': 'member', '#': 'channel', ':': 'emoji' } as const;

export function typingAt(text: string, caret: number): Typing | undefined {
  const [, sign, word] = begun.exec(text.slice(0, caret)) ?? [];
  if (sign === undefined || word === undefined) return undefined;
  const kind = kinds[sign as keyof typeof kinds];
  if (kind === 'emoji' && word.length < 2) return undefined;
  return { kind, word: word.toLowerCase(), from: caret - word.length - 1 };
}

export const emoji: Readonly<Record<string, string>> = {
  '+1': '👍',
  '-1': '👎',
  tada: '🎉',
  heart: '❤️',
  eyes: '👀',
  rocket: '🚀',
  smile: '😄',
  laugh: '😂',
  thinking: '🤔',
  check: '✅',
  cross: '❌',
  fire: '🔥',
  bug: '🐛',
  warning: '⚠️',
  wave: '👋',
  pray: '🙏',
  hundred: '💯',
  clap: '👏',
  question: '❓',
  bulb: '💡',
};

const most = 8;

/** Offers for what is being typed: those that begin so first. */
export async function offersFor(door: Door, { kind, word }: Typing): Promise<readonly Offer[]> {
  const ranked = (all: readonly Offer[]): readonly Offer[] =>
    all
      .filter(({ label, about }) => label.toLowerCase().includes(word) || about.toLowerCase().includes(word))
      .sort((a, b) => Number(b.label.slice(1).startsWith(word)) - Number(a.label.slice(1).startsWith(word)))
      .slice(0, most);
  if (kind === 'emoji')
    return ranked(
      Object.entries(emoji).map(([name, sign]) => ({ insert: sign, label: `:${name}`, about: sign })),
    );
  if (kind === 'channel') {
    const { items } = await door.channels.list({ limit: 1000 });
    const channels = items.map(({ name, topic }) => ({
      insert: `#${name}`,
      label: `#${name}`,
      about: topic,
    }));
    if (word === '') return ranked(channels);
    const tasks = await door.search({ q: word, kind: 'task', limit: most }).catch(() => undefined);
    const named = (tasks?.results ?? []).flatMap(({ kind: of, place, title }) =>
      of === 'task' && place ? [{ insert: place, label: `#${place}`, about: title ?? '' }] : [],
    );
    return [...ranked(channels), ...named].slice(0, most);
  }
  const [members, groups] = await Promise.all([
    door.members.list({ limit: 1000 }),
    door.groups.list({ limit: 1000 }),
  ]);
  return ranked([
    ...members.items.map(({ handle, name }) => ({
      insert: `@${handle}`,
      label: `@${handle}`,
      about: name ?? '',
    })),
    ...groups.items.map(({ handle }) => ({ insert: `@${handle}`, label: `@${handle}`, about: 'group' })),
    { insert: '@here', label: '@here', about: 'everyone who is present' },
  ]);
}
