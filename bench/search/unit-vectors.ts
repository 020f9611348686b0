import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { builtInEmbedder } from '../../src/embedding/index.ts';
import { say } from '../support/report.ts';
import { openMessages } from './messages.ts';
import { seeded } from './texts.ts';

export const dimensions = 384;
const embedded = 4000;
const atOnce = 100;
/** Of a vector that is made: at most so much of a second text, and so much of none. */
const second = 0.6;
const noise = 0.45;
const words = 10;

/** What the built-in model makes of texts, one after the other: documents, and questions about others. */
export interface Base {
  readonly documents: Float32Array;
  readonly questions: Float32Array;
}

const asNumbers = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);

export const readBase = (file: string, questions: number): Base => {
  const all = asNumbers(readFileSync(file));
  const first = all.length - questions * dimensions;
  return { documents: all.subarray(0, first), questions: all.subarray(first) };
};

/** Embeds messages, evenly taken from all there are, and the beginnings of others, into a file, if it is not there. */
export async function makeBase(file: string, slack: string | undefined, questions: number): Promise<void> {
  if (existsSync(file)) return;
  const messages = await openMessages(slack);
  const stride = Math.max(1, Math.floor(messages.real / embedded));
  const texts = Array.from({ length: embedded }, (_, i) => messages.text(i * stride));
  const asked = Array.from({ length: questions }, (_, i) =>
    messages
      .text(i * stride * Math.floor(embedded / questions) + 1)
      .split(' ')
      .slice(0, words)
      .join(' '),
  );
  say(`embedding ${embedded} messages …`);
  const embedder = builtInEmbedder();
  try {
    const vectors: Float32Array[] = [];
    for (let i = 0; i < texts.length; i += atOnce)
      vectors.push(...(await embedder.embed(texts.slice(i, i + atOnce), 'document')));
    vectors.push(...(await embedder.embed(asked, 'query')));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.concat(vectors.map(({ buffer }) => new Uint8Array(buffer))));
  } finally {
    await embedder.close();
  }
}

/** As many vectors as wanted, near real ones as texts about nearly the same are: the same in each process. */
export function* unitVectors({ documents }: Base, count: number): Generator<Float32Array> {
  const random = seeded(21);
  const texts = documents.length / dimensions;
  const any = (): number => Math.floor(random() * texts) * dimensions;
  const most = (noise * 2) / Math.sqrt(dimensions);
  for (let made = 0; made < count; made++) {
    const [one, other, part] = [any(), any(), random() * second];
    const vector = new Float32Array(dimensions);
    let squares = 0;
    for (let i = 0; i < dimensions; i++) {
      // Three draws are nearly as normal as it takes.
      const shift = (random() + random() + random() - 1.5) * most;
      const sum = (documents[one + i] ?? 0) + part * (documents[other + i] ?? 0) + shift;
      vector[i] = sum;
      squares += sum * sum;
    }
    const length = Math.sqrt(squares);
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] ?? 0) / length;
    yield vector;
  }
}
