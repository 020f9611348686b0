import type { SearchDocument } from '../../src/search/index.ts';
import { inventedTexts, type Said, seeded, slackMessages } from './texts.ts';
import { frequenciesOf, plainWords } from './words.ts';

/** Of a repeated message this share of its words is taken from anywhere in the others. */
const drawn = 0.3;
/** Of its rare words this share becomes a word that nobody used before, since a language never runs out of them. */
const coined = 0.7;
/** What few messages have is rare. */
const rare = 3;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const lastLetters = 'aeimquy4';

/** A name such as a hash has, the same for the same number. */
function hashOf(number: number): string {
  const random = seeded(Math.imul(number + 1, 0x9e3779b1));
  let id = '';
  for (let i = 0; i < 25; i++) id += alphabet[Math.floor(random() * 32)];
  return id + lastLetters[Math.floor(random() * 8)];
}

const link = /https?:\/\/\S/;
const code = /`[^`]+`/;
const letters = /^\p{L}{4,}$/u;
/** Numbers of people and channels lie beyond those of messages. */
const beyond = 1e9;

/**
 * As many messages as wanted out of some real ones: these first, then again and again with other words in them. Common
 * words stay common and rare ones rare, as more of the same talk would have them. The same for the same number;
 * none is kept, so that a million of them take no memory.
 */
export class Messages {
  readonly #said: readonly Said[];
  /** Every word of every message, a space after each. */
  readonly #text: string;
  /** Where each word begins, and which is the first of each message. */
  readonly #starts: Uint32Array;
  readonly #first: Uint32Array;
  /** Words that few messages have. */
  readonly #isRare: Uint8Array;
  readonly #rare: Uint32Array;

  constructor(said: readonly Said[]) {
    this.#said = said;
    const words = said.map(({ text }) => text.split(/\s+/).filter((word) => word !== ''));
    const frequencies = frequenciesOf(said.map(({ text }) => text));
    const all = words.flat();
    this.#text = `${all.join(' ')} `;
    this.#starts = new Uint32Array(all.length + 1);
    this.#isRare = new Uint8Array(all.length);
    const rares: number[] = [];
    for (const [i, word] of all.entries()) {
      this.#starts[i + 1] = (this.#starts[i] ?? 0) + word.length + 1;
      const [plain] = plainWords(word);
      if (plain === undefined || !letters.test(word) || (frequencies.get(plain) ?? 0) > rare) continue;
      this.#isRare[i] = 1;
      rares.push(i);
    }
    this.#rare = Uint32Array.from(rares);
    this.#first = new Uint32Array(words.length + 1);
    for (const [i, own] of words.entries()) this.#first[i + 1] = (this.#first[i] ?? 0) + own.length;
  }

  /** How many of them nobody changed. */
  get real(): number {
    return this.#said.length;
  }

  #word(at: number): string {
    return this.#text.slice(this.#starts[at], (this.#starts[at + 1] ?? 1) - 1);
  }

  text(number: number): string {
    const at = number % this.real;
    if (number < this.real) return this.#said[at]?.text ?? '';
    const random = seeded(Math.imul(number, 0x85ebca6b) ^ 17);
    const any = (count: number): number => Math.floor(random() * count);
    const words: string[] = [];
    for (let i = this.#first[at] ?? 0; i < (this.#first[at + 1] ?? 0); i++) {
      const draw = random();
      const own = draw < drawn ? any(this.#isRare.length) : i;
      let word = this.#word(own);
      if (this.#isRare[own] === 1 && random() < coined) {
        const other = this.#word(this.#rare[any(this.#rare.length)] ?? own);
        word = word.slice(0, Math.ceil(word.length / 2)) + other.slice(Math.floor(other.length / 2));
      }
      words.push(word);
    }
    return words.join(' ');
  }

  /** The message as a replica puts it into its index. */
  document(number: number): SearchDocument {
    const said = this.#said[number % this.real];
    const text = this.text(number);
    const by = hashOf(beyond + (said?.by ?? 0));
    const id = hashOf(number);
    const root = said?.root === undefined ? undefined : number - (number % this.real) + said.root;
    return {
      id,
      kind: 'message',
      text,
      facets: [
        'kind:message',
        `in:${hashOf(2 * beyond + (said?.channel ?? 0))}`,
        `from:${by}`,
        `with:${by}`,
        'open',
        `thread:${root === undefined ? id : hashOf(root)}`,
        ...(root === undefined ? [] : ['is:reply']),
        ...(said?.reacted ? ['has:reaction'] : []),
        ...(link.test(text) ? ['has:link'] : []),
        ...(code.test(text) ? ['has:code'] : []),
      ],
      at: 1.5e12 + number * 1000,
    };
  }
}

/** Of the export that is named, otherwise of invented ones. */
export async function openMessages(slack: string | undefined): Promise<Messages> {
  if (slack !== undefined) return new Messages(await slackMessages(slack));
  const random = seeded(5);
  return new Messages(
    inventedTexts(30_000).map((text) => ({
      text,
      by: Math.floor(random() ** 2 * 800),
      channel: Math.floor(random() ** 2 * 8),
      root: undefined,
      reacted: random() < 0.1,
    })),
  );
}
