// Imports a Slack export into a replica and looks for its messages by their own words.
import MiniSearch from 'minisearch';
import { CoterieError, type Message, type SearchResult } from '../../schemas/index.ts';
import { openReplica, type Replica } from '../../src/index.ts';
import { seeded } from '../search/texts.ts';
import { frequenciesOf, plainWords, rarestOf } from '../search/words.ts';
import { answerOnce, given } from '../support/child.ts';

/** One that was not first: how it was looked for, where it came, what came first. */
export interface Miss {
  readonly query: string;
  readonly sought: string;
  /** From 1 on; undefined when it is not on the page, or the search was refused. */
  readonly rank: number | undefined;
  readonly first: string | undefined;
}
export interface Known {
  readonly messages: number;
  readonly drawn: number;
  readonly misses: readonly Miss[];
  /** Of minisearch as it comes, and when it must find all words: how many were first. */
  readonly peerAny: number;
  readonly peerAll: number;
}

const { data, config, path, count } = given<{ data: string; config: string; path: string; count: number }>();
const page = 50;
const fewest = 3;
const most = 4;
const shown = 100;

/** Every message there is, replies too. */
async function* everyMessage(replica: Replica): AsyncGenerator<Message> {
  const { items: channels } = await replica.channels.list({ limit: 200 });
  for (const { id } of channels) {
    let cursor: string | undefined;
    do {
      const list = await replica.messages.list(id, { limit: 200, ...(cursor ? { cursor } : {}) });
      yield* list.items;
      cursor = list.next;
    } while (cursor !== undefined);
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** So many different ones of those that have enough words, drawn by seed. */
function draw(messages: readonly Message[], wanted: number): Message[] {
  const able = messages.filter(({ text }) => plainWords(text ?? '').length >= fewest);
  // Ids are others in each import.
  able.sort((a, b) => order(a.at, b.at) || order(a.text ?? '', b.text ?? ''));
  const random = seeded(13);
  for (let i = able.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [able[i], able[j]] = [able[j] as Message, able[i] as Message];
  }
  return able.slice(0, wanted);
}

const clip = (text: string): string => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > shown ? `${line.slice(0, shown)}…` : line;
};

/** Words that are too common are refused: nothing is found then. */
async function resultsOf(replica: Replica, q: string): Promise<SearchResult[]> {
  try {
    const { results, behind } = await replica.search({ q, limit: page });
    if (behind > 0) throw new Error(`the index lacks ${behind} operations`);
    return results;
  } catch (error) {
    if (error instanceof CoterieError && error.code === 'invalid_query') return [];
    throw error;
  }
}

async function look(replica: Replica): Promise<Known> {
  await replica.import({ format: 'slack', path });
  const messages: Message[] = [];
  for await (const message of everyMessage(replica)) messages.push(message);
  const texts = new Map(messages.map(({ id, text }) => [id, text ?? '']));
  const frequencies = frequenciesOf(texts.values());
  const peer = new MiniSearch<{ id: string; text: string }>({ fields: ['text'] });
  peer.addAll([...texts].map(([id, text]) => ({ id, text })));
  const sought = draw(messages, count);
  const misses: Miss[] = [];
  let peerAny = 0;
  let peerAll = 0;
  for (const [i, { id, text }] of sought.entries()) {
    const own = text ?? '';
    const query = rarestOf(own, i % 2 === 0 ? fewest : most, frequencies).join(' ');
    // One that says exactly the same is as right.
    const isRight = (other: string): boolean => other === id || texts.get(other) === own;
    const results = await resultsOf(replica, query);
    const at = results.findIndex((result) => isRight(result.id));
    if (at !== 0) {
      const [first] = results;
      const rank = at < 0 ? undefined : at + 1;
      const ranked = first && clip(texts.get(first.id) ?? first.snippet);
      misses.push({ query, sought: clip(own), rank, first: ranked });
    }
    if (isRight(String(peer.search(query)[0]?.id))) peerAny += 1;
    if (isRight(String(peer.search(query, { combineWith: 'AND' })[0]?.id))) peerAll += 1;
  }
  return { messages: messages.length, drawn: sought.length, misses, peerAny, peerAll };
}

await answerOnce(async () => {
  const replica = await openReplica({ directory: data, config, as: 'kai', durability: 'os' });
  try {
    return await look(replica);
  } finally {
    await replica.close();
  }
});
