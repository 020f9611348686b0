import yauzl from 'yauzl';

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

/** A message of an export: who, where and which thread are numbers, the root of a thread is that of a message. */
export interface Said {
  readonly text: string;
  readonly by: number;
  readonly channel: number;
  readonly root: number | undefined;
  readonly reacted: boolean;
}

interface SlackRow {
  readonly text?: unknown;
  readonly user?: unknown;
  readonly ts?: unknown;
  readonly thread_ts?: unknown;
  readonly reactions?: unknown;
}

/** The messages of a Slack export that have a text, the oldest first. */
export async function slackMessages(path: string): Promise<Said[]> {
  const rows: (SlackRow & { channel: string })[] = [];
  const zip = await yauzl.openPromise(path, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      const channel = /([^/]+)\/\d{4}-\d\d-\d\d\.json$/.exec(entry.fileName)?.[1];
      if (channel === undefined) continue;
      const parts: Buffer[] = [];
      for await (const part of await zip.openReadStreamPromise(entry)) parts.push(Buffer.from(part));
      const read: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
      for (const row of Array.isArray(read) ? (read as SlackRow[]) : []) rows.push({ ...row, channel });
    }
  } finally {
    zip.close();
  }
  const said = rows
    .filter(({ text }) => typeof text === 'string' && text.trim() !== '')
    .sort((a, b) => Number(a.ts) - Number(b.ts));
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
  const places = new Map(said.map(({ channel, ts }, i) => [`${channel} ${ts}`, i]));
  return said.map(({ channel, text, user, ts, thread_ts, reactions }) => ({
    text: plain(String(text)),
    by: numberOf(`user ${user}`),
    channel: numberOf(`channel ${channel}`),
    root: thread_ts === ts ? undefined : places.get(`${channel} ${thread_ts}`),
    reacted: reactions !== undefined,
  }));
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
