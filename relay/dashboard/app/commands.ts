import type { Channel } from '../../../schemas/index.ts';
import type { Door } from '../door/door.ts';
import { setTheme, themes } from '../settings/theme.ts';
import { keysNow, shownKey } from './keys.ts';
import { go, href } from './router.ts';

/** Something that the palette offers. */
export interface Command {
  readonly id: string;
  readonly what: string;
  /** What kind of thing it is, or the key that does it without the palette. */
  readonly about: string;
  readonly run: () => void;
}

const most = 12;
/** From so many signs on the workspace is searched. */
const searched = 2;

/** How well a text answers what was typed: each word must be in it, in its beginning best. Undefined: it doesn't. */
function rankOf(text: string, words: readonly string[]): number | undefined {
  const low = text.toLowerCase();
  let rank = 0;
  for (const word of words) {
    const at = low.indexOf(word);
    if (at < 0) return undefined;
    rank += at === 0 ? 0 : /\W/.test(low[at - 1] ?? '') ? 1 : 2;
  }
  return rank;
}

/** What can be done where the page is, and what is everywhere. */
function here(): Command[] {
  // The latest of one key is the one that counts.
  const keys = new Map([...keysNow()].map((one) => [one.key ?? one.what, one]));
  return [
    ...[...keys.values()].map(({ key, what, run }) => ({
      id: `key ${what}`,
      what,
      about: key === undefined ? '' : shownKey(key),
      run,
    })),
    ...themes.map((theme) => ({
      id: `theme ${theme}`,
      what: `Theme: ${theme === 'contrast' ? 'high contrast' : theme}`,
      about: '',
      run: () => setTheme(theme),
    })),
  ];
}

const toChannel = ({ id, name, direct }: Channel): Command => ({
  id,
  what: `${direct ? '@' : '#'}${name}`,
  about: 'channel',
  run: () => go(href(['c', name])),
});

/** Tasks and memories that a search by words finds. */
async function found(door: Door, typed: string): Promise<Command[]> {
  const { results } = await door.search({ q: `${typed}*`, limit: most });
  return results.flatMap(({ id, kind, place, title, snippet }): Command[] => {
    const what = (title ?? snippet).slice(0, 100);
    if (kind === 'task') return [{ id, what, about: place ?? kind, run: () => go(href(['t', place ?? id])) }];
    if (kind === 'memory') return [{ id, what, about: kind, run: () => go(href(['memory', place ?? id])) }];
    return kind === 'message' ? [{ id, what, about: place ?? kind, run: () => go(href(['m', id])) }] : [];
  });
}

/** Calls back with what answers to what was typed: first with what is known at once, then with what is searched too. */
export async function offer(
  door: Door,
  typed: string,
  show: (commands: readonly Command[]) => void,
): Promise<void> {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = (all: readonly Command[]): readonly Command[] =>
    all
      .flatMap((one) => {
        const rank = rankOf(one.what, words);
        return rank === undefined ? [] : [{ one, rank }];
      })
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one);
  const own = fitting(here());
  show(own.slice(0, most));
  const [channels, things] = await Promise.all([
    door.channels.list({ limit: 1000 }).then(
      ({ items }) => items.map(toChannel),
      () => [],
    ),
    typed.trim().length < searched ? [] : found(door, typed.trim()).catch(() => []),
  ]);
  const known = fitting([...channels, ...here()]).slice(0, most);
  show([
    ...known,
    ...things,
    ...(typed.trim() === ''
      ? []
      : [
          {
            id: 'search',
            what: `Search for ${typed.trim()}`,
            about: 'search',
            run: () => go(href(['search'], { q: typed.trim() })),
          },
        ]),
  ]);
}
