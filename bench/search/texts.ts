import yauzl from 'yauzl';
import type { SearchDocument } from '../../src/search/index.ts';

/** Numbers in [0, 1) that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function plain(text: string): string {
  return text
    .replace(/<[@#!]?([^|>]+)(?:\|[^>]*)?>/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}

/** The texts of a Slack export, in the order of its files. */
export async function slackTexts(path: string): Promise<string[]> {
  const texts: string[] = [];
  const zip = await yauzl.openPromise(path, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!/\/\d{4}-\d\d-\d\d\.json$/.test(entry.fileName)) continue;
      const parts: Buffer[] = [];
      for await (const part of await zip.openReadStreamPromise(entry)) parts.push(Buffer.from(part));
      const rows: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
      for (const row of Array.isArray(rows) ? rows : []) {
        if (typeof row?.text === 'string' && row.text !== '') texts.push(plain(row.text));
      }
    }
  } finally {
    zip.close();
  }
  return texts;
}

/** Texts of words as rare and as common as in a language, for a run without an export. */
export function inventedTexts(count: number): string[] {
  const random = seeded(7);
  const syllables = 'ka lo mi ter shu ven dor pi ran elt oss quin bar ute fla gri'.split(' ');
  const words = Array.from({ length: 40_000 }, () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => syllables[Math.floor(random() * 16)]).join(''),
  );
  return Array.from({ length: count }, () =>
    Array.from(
      { length: 3 + Math.floor(random() * 35) },
      () => words[Math.floor(words.length ** random()) - 1],
    ).join(' '),
  );
}

/** As many messages as wanted: the texts, then again with every thirteenth word changed. */
export function documentsOf(texts: readonly string[], count: number): SearchDocument[] {
  return Array.from({ length: count }, (_, i) => {
    const round = Math.floor(i / texts.length);
    const text = texts[i % texts.length] ?? '';
    const words = round === 0 ? [] : text.split(' ');
    return {
      id: `message-${i.toString(36).padStart(36, '0')}`,
      kind: 'message',
      text:
        round === 0
          ? text
          : words.map((word, j) => ((i * 31 + j * 7) % 13 === 0 ? `${word}${i % 50}` : word)).join(' '),
      facets: ['kind:message', 'open', `in:channel-${i % 7}`, `from:member-${i % 800}`],
      at: 1.5e12 + i * 1000,
    };
  });
}

/** Queries of one to three words that follow each other in a text, drawn by seed. */
export function queriesOf(documents: readonly SearchDocument[], count: number): string[] {
  const random = seeded(11);
  return Array.from({ length: count }, () => {
    const words = documents[Math.floor(random() * documents.length)]?.text.split(/\s+/) ?? [];
    const from = Math.floor(random() * words.length);
    return words.slice(from, from + 1 + Math.floor(random() * 3)).join(' ');
  });
}
