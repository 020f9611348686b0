import { CoterieError } from '../../schemas/index.ts';

/** Ids are 26 characters; a model pays for each. Members are shown beginnings of them, and may write those. */
export interface Shorts {
  /** The shortest beginning of an id, at least 6 characters, that no other id shown lately has. */
  of(id: string): string;
  /** A name that people call an id by, as `kai-12`: shown instead of it from now on. */
  name(id: string, name: string): void;
  /** The name of an id, if it is known. */
  named(id: string): string | undefined;
  /** The id that a beginning stands for; what stands for none is left as it is. Throws `ambiguous`. */
  whole(text: string): string;
}

const least = 6;
const isId = /^[a-z2-7]{26}$/;
const isBeginning = /^[a-z2-7]{6,25}$/;

/** Remembers the ids that were shown last, at most `most` of them. */
export function createShorts(most = 8192): Shorts {
  const shown = new Set<string>();
  const names = new Map<string, string>();
  /** By the first six characters. */
  const alike = new Map<string, Set<string>>();

  function forgetOldest(): void {
    const [oldest] = shown;
    if (oldest === undefined) return;
    shown.delete(oldest);
    const same = alike.get(oldest.slice(0, least));
    same?.delete(oldest);
    if (same?.size === 0) alike.delete(oldest.slice(0, least));
  }

  return {
    of(id) {
      if (!isId.test(id)) return id;
      const name = names.get(id);
      if (name !== undefined) return name;
      shown.delete(id);
      shown.add(id);
      if (shown.size > most) forgetOldest();
      const same = alike.get(id.slice(0, least)) ?? new Set();
      alike.set(id.slice(0, least), same.add(id));
      let length = least;
      const others = [...same].filter((one) => one !== id);
      while (others.some((one) => one.startsWith(id.slice(0, length)))) length++;
      return id.slice(0, length);
    },
    name(id, name) {
      names.delete(id);
      names.set(id, name);
      const [oldest] = names.keys();
      if (names.size > most && oldest !== undefined) names.delete(oldest);
    },
    named: (id) => names.get(id),
    whole(text) {
      const word = text.replace(/^\[(.*)\]$/, '$1');
      if (!isBeginning.test(word)) return word;
      const fits = [...(alike.get(word.slice(0, least)) ?? [])].filter((id) => id.startsWith(word));
      if (fits.length > 1) {
        throw new CoterieError('ambiguous', `${word} begins more than one id`, { legal: fits });
      }
      return fits[0] ?? word;
    },
  };
}
